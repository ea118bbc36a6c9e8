// Package sendfile sends files to HTTP clients, or has the proxy in front send them.
//
//	files, err := sendfile.New(sendfile.Config{Root: "/srv/files"}) // once, at start
//	err = files.Send(w, r, "reports/2024.pdf", nil)                 // in a handler; it has answered in any case
//	http.Handle("/files/", http.StripPrefix("/files", files.Files()))
//
// Sent directly, an answer has an ETag, honours conditions and ranges (several ranges too),
// and more than 8 KiB go from the page cache to the socket by the kernel (sendfile(2)), as
// long as w has a ReadFrom that leads to a plain TCP connection.
//
// With [Config.Proxy] set the answer is empty and names the file in a header (X-Sendfile,
// X-Accel-Redirect) for nginx, Apache, lighttpd or Caddy to deliver. [Sender.Snippet]
// writes the configuration that it needs, and [Sender.SelfTest] tells through the real
// server whether it works. [Sender.Intercept] is the other way round: the proxy's part,
// for an app behind this process.
//
// To be safe, know that
//
//   - a relative name never leaves Root, neither by ".." nor by a symbolic link; so give
//     Send what a client said as it is, and never join it to a directory yourself;
//   - an absolute name is accepted inside of Root only, unless [Config.AllowOutside] is set;
//   - every file below Root can be named: whether this client may see it is the handler's
//     to check, before;
//   - the same header value means different files to different servers, so say which one
//     stands in front; and let clients reach the app through it only, or set
//     [Config.Offload].
package sendfile
