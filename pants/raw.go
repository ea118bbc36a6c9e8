package pants

import "net/http"

// RawHandler is Handler for a handler that passes the body on instead of reading a form, as a proxy does. The body was read
// whole and is within Config.MaxRequest when h runs, as for Handler, but nobody looked into it: Post and Files are empty, and
// Config.Limits do not count. BodyReader has the body, and r.HTTP.ContentLength its length, however it was framed.
func (s *Server) RawHandler(h HandlerFunc) http.Handler {
	if h == nil {
		panic("pants: RawHandler called with a nil HandlerFunc")
	}
	s.prepare()
	return &handler{server: s, serve: h, raw: true}
}

// tellLength makes r.HTTP, which is ours to change, say how long the body is that was read.
func (r *Request) tellLength() {
	if r.HTTP != r.in {
		r.HTTP.ContentLength, r.HTTP.TransferEncoding = r.body.spool.size, nil
	}
}
