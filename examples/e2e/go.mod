module github.com/go-pants/kit/examples/e2e

go 1.25

require (
	github.com/chromedp/cdproto v0.159.0
	github.com/chromedp/chromedp v0.23.0
	github.com/coder/websocket v1.8.15
	github.com/go-chi/chi/v5 v5.5.0
	github.com/go-pants/kit v0.0.0
	github.com/gorilla/websocket v1.5.3
	golang.org/x/net v0.43.0
)

require (
	github.com/go-json-experiment/json v0.0.0-20260213210345-44df1a37e875 // indirect
	golang.org/x/text v0.28.0 // indirect
)

replace github.com/go-pants/kit => ../..
