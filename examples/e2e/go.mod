module github.com/go-pants/kit/examples/e2e

go 1.24

require (
	github.com/coder/websocket v1.8.15
	github.com/go-chi/chi/v5 v5.5.0
	github.com/go-pants/kit v0.0.0
	github.com/gorilla/websocket v1.5.3
	golang.org/x/net v0.43.0
)

require (
	github.com/gorilla/securecookie v1.1.2 // indirect
	golang.org/x/text v0.28.0 // indirect
)

replace github.com/go-pants/kit => ../..
