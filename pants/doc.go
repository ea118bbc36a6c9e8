// Package pants gives net/http handlers the request object of Python's pants.http.server, and lets them answer later.
//
//	var server pants.Server // the zero Server is ready; New takes a Config
//	handler := server.Handler(func(r *pants.Request) { r.SendResponse("Hello, " + r.Get().Get("name")) })
//	err := server.Listen(ctx, ":8080", handler) // or mount handler on any router
//
// A handler may return before it has answered: the response stays open until Finish, SendResponse or SendFile.
// [Server.Wrap] gives the same Request to ordinary handlers. All of net/http is there: r.HTTP, r.Writer.
//
// To be safe, know that
//
//   - nobody is believed about a client's address until Config.XHeaders names the proxies in front;
//   - the body was read whole, within Config.MaxRequest and Limits, before a handler runs: else the kit answers 413, 400 or 408;
//   - Send* return errors and never panic; what cannot be sent as it is, like a line break in a header, is refused;
//   - after the end of a response each write is ErrFinished: net/http would put it into the next client's response;
//   - a panic becomes a 500 or an aborted connection, also in [Request.Go]; after a plain go it ends the process;
//   - secure cookies are signed, not encrypted.
//
// Coming from Python, see [HandlerFunc]: its table has every name of pants.http.server and what it is called here. What Pants
// did wrong is not copied: TestDeviationsFromPants lists each difference.
package pants

// HandlerFunc handles one request, as a request_handler of Pants did. It may return before the response is finished: the
// response stays open until Finish, SendResponse or SendFile is called, from whichever goroutine. See [Request.Go].
//
// # From Python to Go
//
// Every item of the document of pants.http.server, its arguments too, and where it is here:
//
//	HTTPServer             Server, made by New; the zero Server is ready
//	  request_handler      HandlerFunc, given to Server.Handler
//	  max_request          Config.MaxRequest, in bytes
//	  keep_alive           Config.DisableKeepAlives, the other way round
//	  cookie_secret        Config.CookieSecrets for new ones; the old one goes into Config.LegacyCookies
//	  xheaders             Config.XHeaders; xheaders.Config.Trust names the proxies, xheaders.Config.DangerouslyTrustAll is as before
//	  sendfile             Config.Sendfile; sendfile.Config.Proxy says which server, sendfile.Config.Header what a string did
//	  sendfile_prefix      sendfile.Config.Prefix, in Config.Sendfile
//	  file_root            sendfile.Config.Root, in Config.Sendfile
//	  **kwargs             http.Server has the rest: Server.HTTPServer makes one, to be changed
//	  listen               Server.Listen, which also ends; or serve Server.HTTPServer yourself
//	    address            address of Server.Listen: ":8080", "unix:///run/app.sock"; "" is port 80 or 443
//	    backlog            none: the system's limit is taken (net.core.somaxconn)
//	    slave              none: ":8080" takes both versions of the protocol by itself
//	  startSSL             Server.StartSSL, before Server.Listen
//	    ssl_options        certFile and keyFile of Server.StartSSL; the rest is http.Server.TLSConfig
//	HTTPConnection         Connection
//	  *args, **kwargs      none: the kit makes it, Request.Connection has it
//	  current_request      Connection.CurrentRequest
//	  finish               Connection.Finish
//	HTTPRequest            Request, made by Server.Handler and Server.Wrap
//	  connection           Request.Connection
//	  method               Request.Method
//	  url                  Request.URL
//	  protocol             Request.Protocol
//	  headers              Request.Headers, or http.Request.Header in Request.HTTP
//	  scheme               Request.Scheme
//	  remote_ip            Request.RemoteIP
//	  path                 Request.Path
//	  query                Request.Query
//	  fragment             Request.Fragment
//	  host                 Request.Host
//	  hostname             Request.Hostname
//	  get                  Request.Get
//	  post                 Request.Post
//	  files                Request.Files, a File each
//	    filename           File.Filename
//	    body               File.Body; File.Open without a copy in memory
//	    content_type       File.ContentType
//	  body                 Request.Body; Request.BodyReader without a copy in memory
//	  cookies              Request.Cookies
//	  cookies_out          Request.CookiesOut
//	  finish               Request.Finish
//	  full_url             Request.FullURL
//	  get_secure_cookie    Request.SecureCookie
//	    name               name of Request.SecureCookie
//	  is_secure            Request.IsSecure
//	  send                 Request.Send, Request.Write
//	    data               data of Request.Send
//	  send_cookies         Request.SendCookies
//	    keys               names of Request.SendCookies
//	    end_headers        after it Request.SendHeaders with nil and WithCookies(false)
//	  send_file            Request.SendFile
//	    path               path of Request.SendFile
//	    filename           sendfile.Options.Filename
//	    guess_mime         sendfile.Options.NoGuess, the other way round
//	    headers            sendfile.Options.Header
//	  send_headers         Request.SendHeaders
//	    headers            h of Request.SendHeaders
//	    end_headers        EndHeaders
//	    cookies            WithCookies
//	  send_response        Request.SendResponse
//	    content            content of Request.SendResponse
//	    code               Code
//	    content_type       ContentType
//	  send_status          Request.SendStatus
//	    code               code of Request.SendStatus
//	  set_secure_cookie    Request.SetSecureCookie
//	    name               http.Cookie.Name
//	    value              value of Request.SetSecureCookie
//	    expires            http.Cookie.MaxAge, in seconds; path, secure and others are fields of http.Cookie too
//	  time                 Request.Time
//
// And what the document does not say: repr(request) and request.__html__() are Request.String and Request.HTML.
type HandlerFunc func(*Request)
