// Package legacy stands in front of a Pants app that is still Python, so that it can move to Go one route at a time.
//
//	old, err := legacy.New(legacy.Config{Backend: "http://127.0.0.1:8081", Server: server})
//	r := chi.NewRouter()
//	r.NotFound(old.ServeHTTP)
//	r.MethodNotAllowed(old.ServeHTTP)
//	r.Handle("/users/{id}", server.Handler(user)) // one line moves a route; deleting it rolls back
//
// One route after the other:
//
//  1. Let the Pants app listen where only this process reaches it: HTTPServer(handler, xheaders=True) at 127.0.0.1:8081. The
//     program above, without routes, takes its place. All passes through Go, nothing has changed: [Proxy] tells what that means.
//  2. Move one route. Other paths, and other methods of that path, are still Python's. Both halves share cookies
//     (pants.LegacyCookies), bounds and what they know of the client, by the same pants.Server.
//  3. Look at the log: each request that the app did not answer has a line.
//  4. Move the next one. When no request reaches the app any more, take out the two lines of the Proxy.
//
// To be safe, know that the app believes every X-Real-IP, so only this process may reach it; and that a router which changes paths
// does not do: chi leaves them alone, http.ServeMux answers //a and /a/../b with redirects of its own.
//
// A [Recorder] stores what the old app answers, secrets masked; package legacytest plays it against the Go handlers.
package legacy
