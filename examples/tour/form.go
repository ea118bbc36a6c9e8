package main

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-pants/kit/pants"
)

// form shows what a handler sees: what stands in the address and what
// stands in the body are two things.
func (t *tour) form(r *pants.Request) {
	t.show(r, http.StatusOK, page{Form: &formView{
		Method: r.Method(),
		Get:    listed(r.Get()),
		Post:   listed(r.Post()),
	}})
}

type formView struct {
	Method    string
	Get, Post []parameter
}

type parameter struct {
	Name   string
	Values []string
}

func listed(values url.Values) (list []parameter) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, parameter{name, values[name]})
	}
	return list
}
