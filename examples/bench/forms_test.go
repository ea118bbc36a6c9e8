package main

import (
	"net/http"
	"testing"

	"github.com/go-pants/kit/pants"
)

// BenchmarkFileToDisk is a 256 MiB file, too large for memory: ours is written once and read where it is. Compare B/op as well.
func BenchmarkFileToDisk(b *testing.B) {
	j := fileJob("256 MiB file", 256<<20)
	for _, reader := range formReaders {
		b.Run(reader.who, func(b *testing.B) {
			var answer string
			h := reader.handler(j, &answer)
			if reader.who == kitForm { // the others keep 32 MiB of it in memory
				server, err := pants.New(pants.Config{MaxRequest: -1})
				if err != nil {
					b.Fatal(err)
				}
				h = server.Handler(func(r *pants.Request) {
					f, err := r.Files()[j.file][0].Open()
					if err != nil {
						b.Error(err)
						return
					}
					defer f.Close()
					answer = j.want
					_ = r.SendResponse("ok")
				})
			}
			b.SetBytes(int64(len(j.body)))
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(&blackHole{header: http.Header{}}, j.request())
			}
			if answer != j.want {
				b.Fatalf("answer %q, want %q", answer, j.want)
			}
		})
	}
}
