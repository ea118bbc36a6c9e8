package legacy

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"time"
)

// shape is what requests have in common that are recorded only so often: the method, and the path with its numbers and ids
// folded. "/users/17/photos/3f2a9c04d1" is of the shape "/users/0/photos/*".
func shape(method, target string) string {
	path, _, _ := strings.Cut(target, "?")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if len(segment) > 32 || idLike.MatchString(segment) && digits.MatchString(segment) {
			segments[i] = "*"
		} else {
			segments[i] = digits.ReplaceAllString(segment, "0")
		}
	}
	return method + " " + strings.Join(segments, "/")
}

var (
	digits = regexp.MustCompile(`[0-9]+`)
	idLike = regexp.MustCompile(`^[0-9A-Fa-f]{8,}$|^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
)

// shapeMark is a shape in a file name: the count goes on with it when a directory is used again.
func shapeMark(shape string) string {
	sum := sha256.Sum256([]byte(shape))
	return hex.EncodeToString(sum[:4])
}

// fileName is "20060102T150405.000000Z-POST-users-17-1a2b3c4d.json". Whatever the client sent, there is nothing in it but
// letters, digits, '-', '_' and the dots of the time and the end, and it is shorter than 128 bytes.
func fileName(at time.Time, method, target, mark string) string {
	path, _, _ := strings.Cut(target, "?")
	return at.UTC().Format("20060102T150405.000000Z") + "-" + word(method, 12) + "-" + word(path, 64) + "-" + mark + ".json"
}

// markOf is the mark in the name of a recording, "" in others.
func markOf(name string) string {
	name, ok := strings.CutSuffix(name, ".json")
	if i := strings.LastIndexByte(name, '-'); ok && i >= 0 {
		return name[i+1:]
	}
	return ""
}

// word is what of s may stand in a file name.
func word(s string, limit int) string {
	s = strings.Trim(notInName.ReplaceAllString(s[:min(len(s), limit)], "-"), "-")
	if s == "" {
		return "root"
	}
	return s
}

var notInName = regexp.MustCompile(`[^0-9A-Za-z_]+`)
