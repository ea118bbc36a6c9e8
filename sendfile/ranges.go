package sendfile

import (
	"math"
	"strings"
)

// maxRanges bounds how many ranges of one request are looked at. Each costs a
// part with its own header; CVE-2011-3192 (Apache), CVE-2024-26141 and
// CVE-2022-44570 (Rack) were about requests with very many.
const maxRanges = 50

// span is a piece of a file.
type span struct{ start, length int64 }

// parseRange reads a Range field (RFC 9110 section 14.2) for a file of size
// bytes. ok is false when it has to be ignored: another unit, malformed, or out
// of proportion. ok without spans means that nothing of it can be satisfied.
func parseRange(value string, size int64) (spans []span, ok bool) {
	unit, set, found := strings.Cut(value, "=")
	if !found || !strings.EqualFold(unit, "bytes") {
		return nil, false
	}
	specs, elements := 0, 0
	for set != "" || elements == 0 {
		var element string
		element, set, _ = strings.Cut(set, ",")
		if elements++; elements > maxRanges {
			return nil, false
		}
		element = strings.Trim(element, " \t")
		if element == "" {
			continue // RFC 9110 section 5.6.1.2: empty elements count for nothing
		}
		specs++
		sp, valid := parseSpec(element, size)
		if !valid {
			return nil, false
		}
		if sp.length > 0 {
			spans = append(spans, sp)
		}
	}
	if specs == 0 || excessive(spans, size) {
		return nil, false
	}
	return spans, true
}

// malformedRange tells a field that is no ranges-specifier at all, or one of bytes that breaks the rules of RFC 9110 section
// 14.1.1. An empty one, another unit, and more elements than are looked at are not malformed.
func malformedRange(value string) bool {
	unit, set, found := strings.Cut(value, "=")
	if !found {
		return strings.Trim(value, " \t") != ""
	}
	if !strings.EqualFold(unit, "bytes") {
		return false
	}
	elements := strings.SplitN(set, ",", maxRanges+1)
	if len(elements) > maxRanges {
		return false
	}
	specs := 0
	for _, element := range elements {
		if element = strings.Trim(element, " \t"); element == "" {
			continue
		}
		specs++
		if _, valid := parseSpec(element, 1); !valid {
			return true
		}
	}
	return specs == 0
}

// parseSpec reads "first-last", "first-" or "-suffix". A span of length 0 lies
// outside of the file.
func parseSpec(spec string, size int64) (sp span, valid bool) {
	first, last, found := strings.Cut(spec, "-")
	if !found {
		return span{}, false
	}
	if first == "" {
		n, ok := parsePos(last)
		if !ok {
			return span{}, false
		}
		n = min(n, size)
		return span{size - n, n}, true
	}
	a, ok := parsePos(first)
	if !ok {
		return span{}, false
	}
	b := int64(math.MaxInt64)
	if last != "" {
		if b, ok = parsePos(last); !ok || b < a {
			return span{}, false
		}
	}
	if a >= size {
		return span{}, true
	}
	return span{a, min(b, size-1) - a + 1}, true
}

// parsePos reads digits and nothing else: strconv would take "+1". A number too
// large for any file becomes the largest one.
func parsePos(s string) (n int64, ok bool) {
	if s == "" {
		return 0, false
	}
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		if n > (math.MaxInt64-int64(d))/10 {
			n = math.MaxInt64
			continue
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// excessive reports requests for more than the whole file or, RFC 9110 section
// 14.2, with "more than two overlapping ranges" (CVE-2026-34826).
func excessive(spans []span, size int64) bool {
	var sum int64
	for _, sp := range spans {
		if sp.length > size-sum {
			return true
		}
		sum += sp.length
	}
	overlapping := 0
	for i, a := range spans {
		for j, b := range spans {
			if i != j && a.start < b.start+b.length && b.start < a.start+a.length {
				overlapping++
				break
			}
		}
	}
	return overlapping > 2
}
