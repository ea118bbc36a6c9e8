package tour_test

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// watch collects what a developer would see red in the browser's tools: errors and warnings on the console, exceptions, what the
// Content-Security-Policy forbids, requests that failed and answers from 400 up.
type watch struct {
	mu       sync.Mutex
	urls     map[string]string // of the requests
	problems []string
}

func (w *watch) event(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		switch e.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning, runtime.ConsoleAPICalledTypeAssert:
			text := ""
			for _, arg := range e.Args {
				text += fmt.Sprintf(" %s%s", arg.Value, arg.Description)
			}
			w.add("console.%s:%s", e.Type, text)
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		w.add("exception: %s", text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			w.add("%s %s: %s (%s)", e.Entry.Source, e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		url := e.Request.Method + " " + e.Request.URL
		if e.RedirectResponse != nil {
			url = w.urls[string(e.RequestID)] + ", then " + url
		}
		w.urls[string(e.RequestID)] = url
	case *network.EventResponseReceived:
		if e.Response.Status >= 400 {
			w.add("%d: %s", e.Response.Status, w.urls[string(e.RequestID)])
		}
	case *network.EventLoadingFailed:
		url, seen := w.urls[string(e.RequestID)]
		if !seen || e.Canceled && givenUp(url) {
			return // not seen: of a tab that a link opened, before it was watched
		}
		w.add("failed: %s %s: %s", e.Type, url, e.ErrorText)
	}
}

// givenUp tells the requests that the page itself does not want to the end: that for the next line when it is left or hidden, the
// page that a sent line would lead to, and a download, which is no page.
func givenUp(url string) bool {
	return strings.Contains(url, "/chat/lines?") || strings.Contains(url, "/chat/say, then GET ") || strings.HasSuffix(url, "/report.txt")
}

func (w *watch) add(format string, a ...any) {
	w.problems = append(w.problems, fmt.Sprintf(format, a...))
}

func (w *watch) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.problems...)
}

// expect takes the problems that a step is meant to make out of the list, and reports whether there were any.
func (w *watch) expect(part string) (found bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var others []string
	for _, problem := range w.problems {
		if strings.Contains(problem, part) {
			found = true
		} else {
			others = append(others, problem)
		}
	}
	w.problems = others
	return found
}
