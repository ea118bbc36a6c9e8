//go:build !linux

package main

import (
	"fmt"
	"io"
	"regexp"
)

// wireReport needs Linux: processes are bound to cores, and the load is a loop around epoll.
func wireReport(w io.Writer, pattern *regexp.Regexp, _ bool) (o outcome) {
	for _, r := range wireRows() {
		o.found = o.found || pattern.MatchString("wire/"+r.name)
	}
	if o.found {
		fmt.Fprintln(w, "wire: only on Linux")
	}
	return o
}
