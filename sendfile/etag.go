package sendfile

import (
	"io/fs"
	"strconv"
	"time"
)

// sizeTimeETag is the default of Config.ETag. Nanoseconds, because two versions
// of the same size within a second must differ (those of nginx and of Pants do
// not).
func sizeTimeETag(info fs.FileInfo) string {
	if !dated(info.ModTime()) {
		return ""
	}
	b := make([]byte, 0, 40)
	b = append(b, '"')
	b = strconv.AppendInt(b, info.Size(), 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, info.ModTime().UnixNano(), 16)
	b = append(b, '"')
	return string(b)
}

// NginxETag is a choice for [Config.ETag]: the tag nginx makes itself, from the
// time in seconds and the size. With it a file has the same tag whether nginx
// sends it or this process.
func NginxETag(info fs.FileInfo) string {
	if !dated(info.ModTime()) {
		return ""
	}
	b := make([]byte, 0, 40)
	b = append(b, '"')
	b = strconv.AppendInt(b, info.ModTime().Unix(), 16)
	b = append(b, '-')
	b = strconv.AppendInt(b, info.Size(), 16)
	b = append(b, '"')
	return string(b)
}

// dated reports whether a modification time says anything. Images built
// reproducibly set all of them to 0; a tag of nothing but the size, the same
// for every release, would keep clients on an old one.
func dated(t time.Time) bool { return t.Unix() > 0 }

// lastModified is t as a validator: whole seconds, UTC. RFC 9110 section
// 8.8.2.1: never later than the date of the answer.
func lastModified(t, now time.Time) time.Time {
	if !dated(t) || t.After(now) {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}
