// Package pants gives net/http handlers the request object of Python's pants.http.server.
//
// A HandlerFunc takes a Request, reads what the client sent and answers it. It may return before the response is finished,
// as Pants allowed: the response stays open until Finish, SendResponse or SendFile is called.
//
//	var server pants.Server // the zero Server is ready
//	http.Handle("/", server.Handler(func(r *pants.Request) {
//		r.SendResponse("Hello, " + r.Get().Get("name"))
//	}))
//
// Server.Handler and Server.Wrap make http.Handler values: mount them on any router. Handler follows Pants' rules, Wrap those
// of net/http and only adds the Request, for FromContext. Nothing of net/http is hidden: r.HTTP and r.Writer are always there.
//
// What a handler can rely on:
//
//   - When it runs, the body was read whole and is within Config.MaxRequest and Config.Limits. The kit has answered 413, 400
//     or 408 otherwise.
//   - Send* report errors and never panic. What cannot be sent as it is, a line break in a header for one, is refused; nothing
//     is altered in silence.
//   - A panic becomes a 500, or an aborted connection when part of the response was sent. It never ends the process if the
//     goroutine is the handler's own or one of Request.Go.
//   - After the end of a response every call that would write returns ErrFinished and touches nothing. On net/http a late
//     write lands in the next response on the connection, which may be another client's.
//
// # Serving
//
// Server.Listen serves a handler on TCP, a unix socket or one that systemd passed, and drains when its context ends. StartSSL
// before it makes that HTTPS. Server.HTTPServer is the same http.Server for those who serve it themselves.
//
//	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//	context.AfterFunc(ctx, stop) // a second signal ends the process at once
//	err := server.Listen(ctx, "unix:///run/app.sock?mode=0660", handler)
//
// Handlers that hold their connection for long, WebSockets and event streams, watch Server.Draining.
//
// # From Python to Go
//
// Every item of the document of pants.http.server, and where it is here:
//
//	HTTPServer                   Server, made by New; zero value ready
//	  request_handler            HandlerFunc, given to Server.Handler
//	  max_request                Config.MaxRequest
//	  keep_alive                 Config.DisableKeepAlives, the other way round
//	  cookie_secret              Config.CookieSecrets; Pants' own cookies: Config.LegacyCookies
//	  xheaders                   Config.XHeaders, an xheaders.Config
//	  sendfile                   Config.Sendfile, a sendfile.Config: Proxy and Header
//	  sendfile_prefix            Config.Sendfile.Prefix
//	  file_root                  Config.Sendfile.Root
//	  listen                     Server.Listen; or Server.HTTPServer, and serve it yourself
//	  startSSL                   Server.StartSSL
//	HTTPConnection               Connection
//	  current_request            Connection.CurrentRequest
//	  finish                     Connection.Finish
//	HTTPRequest                  Request
//	  remote_ip                  Request.RemoteIP
//	  scheme                     Request.Scheme
//	  protocol                   Request.Protocol
//	  method                     Request.Method
//	  url                        Request.URL
//	  path                       Request.Path
//	  query                      Request.Query
//	  fragment                   Request.Fragment
//	  headers                    Request.Headers, or Request.HTTP.Header
//	  host                       Request.Host
//	  hostname                   Request.Hostname
//	  get                        Request.Get
//	  post                       Request.Post
//	  files                      Request.Files; filename, body, content_type: File.Filename, File.Body, File.ContentType
//	  body                       Request.Body; also Request.BodyReader
//	  connection                 Request.Connection
//	  cookies                    Request.Cookies
//	  cookies_out                Request.CookiesOut
//	  finish                     Request.Finish
//	  full_url                   Request.FullURL
//	  get_secure_cookie          Request.SecureCookie
//	  is_secure                  Request.IsSecure
//	  send                       Request.Send, Request.Write
//	  send_cookies               Request.SendCookies; end_headers: SendHeaders(nil, WithCookies(false)) after it
//	  send_file                  Request.SendFile; filename, guess_mime, headers: fields of sendfile.Options
//	  send_headers               Request.SendHeaders; end_headers, cookies: EndHeaders, WithCookies
//	  send_response              Request.SendResponse; code, content_type: Code, ContentType
//	  send_status                Request.SendStatus
//	  set_secure_cookie          Request.SetSecureCookie; expires: http.Cookie.MaxAge
//	  time                       Request.Time
//	repr(request), __html__      Request.String, Request.HTML
//
// What Pants did wrong is not copied: TestDeviationsFromPants has the list, one named row for each.
package pants
