package main

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/labstack/echo/v5"
)

var fileTime = time.Date(2024, time.May, 6, 7, 8, 9, 0, time.UTC)

// filesRows send a file that the system has in memory. Through the writer with ReadFrom everybody reads it in pieces of 32 KiB; what
// sendfile(2) spares shows over the wire only. Who hides ReadFrom from http.ServeContent pays for io.Copy's buffer, here as there.
func filesRows() []row {
	return []row{fileRow("4 KiB", "small.html", 4<<10), fileRow("1 MiB", "large.html", 1<<20)}
}

func fileRow(title, name string, size int) row {
	content := bytes.Repeat([]byte("<p>0123456789.\r\n"), size/16)
	path := filepath.Join(scratch(), name)
	must(os.WriteFile(path, content, 0o600))
	must(os.Chtimes(path, fileTime, fileTime))
	server, err := pants.New(pants.Config{Sendfile: sendfile.Config{Root: scratch()}})
	must(err)
	sender, err := sendfile.New(sendfile.Config{Root: scratch()})
	must(err)
	serve := func(w http.ResponseWriter, hr *http.Request) { http.ServeFile(w, hr, path) }

	e := echo.New()
	e.Filesystem = os.DirFS(scratch())
	e.GET("/file", func(c *echo.Context) error { return c.File(name) })

	want := fmt.Sprintf("200 text/html\nContent-Length: %d\nLast-Modified: %s\nAccept-Ranges: bytes\n%d bytes, CRC %08x",
		size, fileTime.Format(http.TimeFormat), size, crc32.ChecksumIEEE(content))
	return ask(title, want, get("/file"), nil, []string{"Content-Length", "Last-Modified", "Accept-Ranges"}, []peer{
		{who: "net/http ServeFile", handler: http.HandlerFunc(serve)},
		{who: "net/http ServeContent", handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			f, err := os.Open(path)
			must(err)
			defer f.Close()
			info, err := f.Stat()
			must(err)
			http.ServeContent(w, hr, name, info.ModTime(), f)
		})},
		{who: onChi, handler: onChiRouter("/file", serve)},
		{who: ginPeer, handler: onGin("/file", func(c *gin.Context) { c.File(path) })},
		{who: echoPeer, handler: e},
		{who: "kit sendfile.Sender", handler: http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
			must(sender.Send(w, hr, name, nil))
		})},
		{who: "kit SendFile", handler: server.Handler(func(r *pants.Request) { must(r.SendFile(name, nil)) })},
	})
}
