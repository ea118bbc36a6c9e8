package main

import (
	"fmt"
	"strconv"
	"strings"
)

// named is the app's answer when the front is to send a file.
func (t *tour) named(file string) string {
	value, _, _ := t.files.Value(file)
	if presets[t.kind].Prefix == "" {
		return "X-Sendfile: " + value
	}
	return "X-Accel-Redirect: " + value
}

func (v *filesView) Title() string {
	switch v.Ask {
	case "range":
		return "A part of it: Range: " + v.Direct.Request.Get("Range")
	case "again":
		return "Again, if it changed: If-None-Match: " + v.Direct.Request.Get("If-None-Match")
	}
	return "The whole file"
}

type row struct{ Name, Direct, Offloaded string }

// Rows are the answers side by side.
func (v *filesView) Rows() []row {
	rows := []row{{"Status", v.Direct.Status, v.Offloaded.Status}}
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Range", "Accept-Ranges", "Etag", "Last-Modified", "Server", "X-Accel-Redirect", "X-Sendfile"} {
		a, b := v.Direct.Header.Get(name), v.Offloaded.Header.Get(name)
		if a != "" || b != "" {
			rows = append(rows, row{strings.Replace(name, "Etag", "ETag", 1), orNone(a), orNone(b)})
		}
	}
	return append(rows, row{"Content", inBytes(v.Direct.Size), inBytes(v.Offloaded.Size)}, row{"SHA-256", v.Direct.SHA256[:16] + "…", v.Offloaded.SHA256[:16] + "…"})
}

func orNone(text string) string {
	if text == "" {
		return "–"
	}
	return text
}

// Verdict says whether a client can tell the two apart by the content.
func (v *filesView) Verdict() string {
	switch {
	case v.Direct.SHA256 != v.Offloaded.SHA256:
		return "The contents differ. That is a mistake."
	case v.Direct.Size == 0:
		return "Neither sent the file again: you have it already."
	}
	return "The same bytes, whoever sent them."
}

type way struct {
	Title string
	Sent  *bytesSent
	Most  int64
}

// Ways are what the embedded front has measured; none if a real server stands there.
func (v *filesView) Ways() []way {
	a, b := v.Direct.Sent, v.Offloaded.Sent
	if a == nil || b == nil {
		return nil
	}
	most := max(a.FromApp, a.Copied, a.Kernel, b.FromApp, b.Copied, b.Kernel)
	return []way{{"Sent by the app", a, most}, {"Offloaded to the front", b, most}}
}

// inBytes writes 1234567 as "1,234,567 bytes".
func inBytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String() + " bytes"
}

// bar is how long a bar is, in percent.
func bar(n, most int64) string {
	return fmt.Sprintf("%.2f", 100*float64(n)/float64(max(most, 1)))
}
