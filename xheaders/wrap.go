package xheaders

import (
	"context"
	"net/http"
	"net/netip"
)

// resolved is the context of a request that went through Wrap. It is a context itself,
// and not a value in one, so that a request costs one allocation here.
type resolved struct {
	context.Context
	info Info
	by   *Resolver

	// The request as it arrived, for a Wrap further in.
	arrived *http.Request // as the outermost Wrap received it
	host    string        // as it was before any Rewrite
	rewrote bool
}

type contextKey struct{}

func (c *resolved) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func resolvedIn(ctx context.Context) *resolved {
	c, _ := ctx.Value(contextKey{}).(*resolved)
	return c
}

// FromContext returns the Info that the innermost Wrap put into ctx. It reports false
// when there was none.
func FromContext(ctx context.Context) (Info, bool) {
	if c := resolvedIn(ctx); c != nil {
		return c.info, true
	}
	return Info{}, false
}

// Wrap resolves every request and hands next a copy of it with the Info in its context.
// The request that it was given stays as it is.
//
// Unless Config says KeepHeaders, next sees no forwarding header that was not believed:
// those not in Headers, their underscore aliases, and all from a peer that is not
// trusted are gone, the others say what was believed. Code behind that reads
// X-Forwarded-For by itself is right, too.
//
// Wraps nest: the inner one decides anew, from the request as the outermost received it.
// What is between them must not change forwarding headers in place: where there was nothing
// to remove, next has the map that came.
// If an outer one rewrites, so does the inner: RemoteAddr never tells of another decision
// than the Info beside it.
func (x *Resolver) Wrap(next http.Handler) http.Handler {
	s := x.settings()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in input
		in.take(r)
		var o outcome
		s.resolve(x.currentTrust(), &in, &o)
		c := &resolved{
			Context: r.Context(), info: o.info, by: x,
			arrived: in.arrived, host: in.host, rewrote: s.rewrite || in.rewrote,
		}
		handed := r.WithContext(c)
		if c.rewrote {
			handed.RemoteAddr, handed.Host = remoteAddr(o.info), o.info.Host
		}
		if !s.leaves() {
			handed.Header = s.clean(r, &in, true, &o)
		}
		defer removeFiles(handed, r)
		next.ServeHTTP(w, handed)
	})
}

// Clean returns the headers of r without the forwarding headers that were not believed, for
// code that passes headers on to somebody who believes them. Behind a Wrap that cleans they
// are r.Header, with what other middleware has added since; behind one with KeepHeaders or
// DangerouslyTrustAll they are what it would have left otherwise, and where there was no
// Wrap they have no forwarding header at all. What there is to remove is removed from a
// copy.
func Clean(r *http.Request) http.Header {
	var x *Resolver
	if c := resolvedIn(r.Context()); c != nil {
		if x = c.by; !x.settings().leaves() {
			return r.Header
		}
	}
	s := x.settings()
	var in input
	in.take(r)
	var o outcome
	s.resolve(x.currentTrust(), &in, &o)
	return s.clean(r, &in, false, &o)
}

// leaves tells whether Wrap leaves the headers as they came.
func (s *settings) leaves() bool { return s.keep || s.pants }

// removeFiles does for our copy what net/http does, at the end of a handler, for its own
// request only: without it every upload parsed behind Wrap leaves its temporary files.
func removeFiles(handed, r *http.Request) {
	if form := handed.MultipartForm; form != nil && form != r.MultipartForm {
		_ = form.RemoveAll() // net/http ignores the error, too
	}
}

// remoteAddr is always host:port, so that net.SplitHostPort works on it, or "" for an
// unknown client, so that a check of the address fails.
func remoteAddr(i Info) string {
	if !i.Client.IsValid() {
		return ""
	}
	return netip.AddrPortFrom(i.Client, i.Port).String()
}
