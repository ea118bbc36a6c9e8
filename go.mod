module github.com/go-pants/kit

go 1.24

require (
	github.com/go-chi/chi/v5 v5.5.0
	github.com/gorilla/securecookie v1.1.2
)
