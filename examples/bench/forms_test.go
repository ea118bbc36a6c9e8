package main

import "testing"

// BenchmarkFileToDisk is a 256 MiB file, too large for memory: ours is written once and read where it is. Compare B/op as well.
func BenchmarkFileToDisk(b *testing.B) {
	j := fileJob("256 MiB file", 256<<20)
	var peers []peer
	for _, reader := range formReaders {
		p := peer{who: reader.who, handler: reader.handler(j)}
		if p.who == kitForm {
			p.handler = readByKit(j, 0) // the others keep 32 MiB of it in memory
		}
		peers = append(peers, p)
	}
	for _, try := range j.row(peers).tries {
		b.Run(try.who, func(b *testing.B) {
			if got := try.answer(); got != try.want {
				b.Fatalf("answers %q, want %q", got, try.want)
			}
			b.SetBytes(int64(len(j.body)))
			b.ReportAllocs()
			for b.Loop() {
				try.do()
			}
		})
	}
}
