// Package sendfile sends files to HTTP clients, or has the proxy in front send
// them.
//
// A [Sender] is made once from a [Config] and sends any number of files:
//
//	files, err := sendfile.New(sendfile.Config{Root: "/srv/files"})
//	...
//	err = files.Send(w, r, "reports/2024.pdf", nil)
//
// Sent directly, an answer has an ETag, honours If-Match, If-None-Match,
// If-Modified-Since, If-Unmodified-Since, If-Range and Range (several ranges
// too), and its bytes go from the page cache to the socket by the kernel
// (sendfile(2)) as long as w has a ReadFrom that leads to a plain TCP
// connection.
//
// With [Config.Proxy] set the answer is empty and names the file in a header
// (X-Sendfile, X-Accel-Redirect) for nginx, Apache, lighttpd or Caddy to
// deliver. Which server stands in front has to be said, because the same value
// means different files to different servers: nginx, Caddy, lighttpd and
// mod_xsendfile 1.0 undo percent-encoding, mod_xsendfile 0.12 does not.
//
// [Sender.Snippet] writes the matching configuration of the server, and
// [Sender.SelfTest] tells through the real one whether it works. The other way
// round, [Sender.Intercept] is the proxy's part for an app behind this process.
//
// # Containment
//
// Files are opened through [os.Root]. A relative name never leaves Root,
// neither by ".." nor through a symbolic link; an absolute one is accepted if
// it lies inside, or anywhere with [Config.AllowOutside]. A link with an
// absolute target is refused even when the target lies inside of Root, because
// os.Root refuses it; make such links relative, or set [Config.FollowSymlinks].
// Only regular files are sent: a directory, FIFO, socket or device is a 404, and
// opening one does not block.
//
// Root is opened once, in [New]. Replacing the directory (or a link to it)
// later does not change what is served.
//
// # Decisions
//
// A malformed Range is ignored (RFC 9110 section 14.2) unless
// [Config.StrictRanges] says otherwise. One with more than 50 ranges, with three
// that overlap, or for more bytes than the file has always is. Range counts for
// GET only, so HEAD tells the length of the whole file.
//
// On methods other than GET and HEAD only If-None-Match counts, and a match is a
// 412: the handler has acted by then, and for the other conditions it is too
// late.
//
// A file last changed at the epoch or in the future has no Last-Modified, the
// former no ETag: such a date says nothing.
//
// # What net/http does differently
//
// Compared with [http.ServeFile]: an ETag is sent; the type is never guessed
// from the content; "/index.html" is no redirect and a directory no listing;
// an unknown range unit or a malformed Range is ignored instead of answered
// with 416; HEAD never gets a partial answer; several ranges keep sendfile(2).
package sendfile
