package pants

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// publish puts h into the header map of the writer below, in slices of its own, and deletes there what the handler has deleted.
// What somebody else has put there since stays.
func (w *response) publish(h http.Header) {
	out := w.w.Header()
	if w.rare != nil {
		for _, name := range w.rare.inherited {
			if _, kept := h[name]; !kept {
				delete(out, name)
			}
		}
	}
	n := 0
	for _, values := range h {
		n += len(values)
	}
	array := make([]string, 0, n)
	for name, values := range h {
		if values == nil {
			out[name] = nil // tells net/http not to add one
			continue
		}
		start := len(array)
		array = append(array, values...)
		out[name] = array[start:len(array):len(array)]
	}
}

// inform sends a 1xx with the pending headers. They stay pending, and the writer below has its own again: what the handler takes
// back afterwards must not be in the final response, which may be somebody else's 500.
func (w *response) inform(status int) {
	if w.own == nil {
		w.w.WriteHeader(status)
		return
	}
	out := w.w.Header()
	before := maps.Clone(out)
	w.publish(w.own)
	w.w.WriteHeader(status)
	for name := range w.own {
		delete(out, name)
	}
	for name, values := range before {
		if _, there := out[name]; !there {
			out[name] = values
		}
	}
}

// sayWhetherLast comes when the head is about to be sent. mu is held.
func (w *response) sayWhetherLast() {
	in := w.req.in
	if in.ProtoMajor == 1 && (w.req.server.config.DisableKeepAlives || mayHideChunks(in)) && w.status != http.StatusSwitchingProtocols {
		w.w.Header().Set("Connection", "close")
	}
}

// mayHideChunks tells requests of HTTP/1.0 that must be the last on their connection: net/http ignores a Transfer-Encoding there, as
// RFC 9112 section 6.1 has it, but takes the header out, so that nobody sees that what follows is no request. Those with a length are
// known not to have had one that counts; GET and HEAD stay as they are, as in Pants.
func mayHideChunks(in *http.Request) bool {
	return in.ProtoMajor == 1 && in.ProtoMinor == 0 && in.Method != http.MethodGet && in.Method != http.MethodHead && in.Header["Content-Length"] == nil
}

// publishTrailers gives the writer below what was set after the head was sent, if it is a trailer. What cannot be sent aborts the
// response: without it, it is not whole. mu is held.
func (w *response) publishTrailers() error {
	if w.own == nil && !w.plain {
		return nil // there is nowhere that trailers could have been set
	}
	h := w.head()
	declared := declaredTrailers(h)
	for name, values := range h {
		if !strings.HasPrefix(name, http.TrailerPrefix) && !declared[name] {
			continue
		}
		if err := checkHeader(http.Header{name: values}); err != nil {
			w.abort()
			return err
		}
		if w.own != nil {
			w.w.Header()[name] = append([]string(nil), values...)
		}
	}
	return nil
}

// publishTrailersOrLog is for where there is nobody to report an error to.
func (w *response) publishTrailersOrLog() {
	if err := w.publishTrailers(); err != nil {
		w.req.server.log().Error("pants: trailers refused", "path", w.req.Path(), "error", err)
	}
}

// declaredTrailers are the names that the Trailer header announces.
func declaredTrailers(h http.Header) map[string]bool {
	var names map[string]bool
	for _, list := range h["Trailer"] {
		for _, name := range strings.Split(list, ",") {
			if names == nil {
				names = map[string]bool{}
			}
			names[http.CanonicalHeaderKey(trimBlanks(name))] = true
		}
	}
	return names
}

// checkHeader refuses what would end a header line early, or a message. net/http replaces line breaks by blanks and drops bad
// names, both in silence, and sends a length that is none.
func checkHeader(h http.Header) error {
	for name, values := range h {
		if !isToken(strings.TrimPrefix(name, http.TrailerPrefix)) {
			return fmt.Errorf("pants: invalid header name %q", name)
		}
		for _, value := range values {
			if breaksLine(value) {
				return fmt.Errorf("pants: invalid value of header %s: %q", name, value)
			}
		}
		switch {
		case len(values) == 0:
		case len(name) == len("Content-Length") && strings.EqualFold(name, "Content-Length"):
			if _, err := strconv.ParseUint(values[0], 10, 63); err != nil || name != "Content-Length" || len(values) > 1 {
				return fmt.Errorf("pants: invalid %s: %q", name, values)
			}
		case len(name) == len("Transfer-Encoding") && strings.EqualFold(name, "Transfer-Encoding"):
			if name != "Transfer-Encoding" || len(values) > 1 || values[0] != "chunked" {
				return fmt.Errorf("pants: invalid %s: %q", name, values)
			}
		}
	}
	return nil
}

// breaksLine tells the characters that must not be in a header's value (RFC 9110 section 5.5).
func breaksLine(value string) bool {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c == '\r' || c == '\n' || c == 0 {
			return true
		}
	}
	return false
}

// canonical is a copy of h with the names as net/http writes them; names that only differ in that are one, in their order.
func canonical(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		values := h[name]
		name = http.CanonicalHeaderKey(name)
		if values == nil {
			out[name] = nil // tells net/http not to add one
			continue
		}
		out[name] = append(out[name], values...)
	}
	return out
}
