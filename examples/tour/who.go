package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/xheaders"
)

// trust says whom the app believes: whoever may open its unix socket.
// That is the front, which adds one entry to X-Forwarded-For.
func trust() (*xheaders.Resolver, error) {
	return xheaders.New(xheaders.Config{
		Trust: []string{"unix"},
		Hops:  1,
	})
}

// who draws why the app thinks that you are r.RemoteIP().
func (t *tour) who(r *pants.Request) {
	view := explained(t.proxies.Explain(r.HTTP))
	view.Pretended = r.Get().Get("as")
	t.show(r, http.StatusOK, page{Who: view})
}

// whoText is the same for a terminal.
func (t *tour) whoText(r *pants.Request) {
	_ = r.SendResponse(t.proxies.Explain(r.HTTP).String())
}

func (t *tour) whoJSON(r *pants.Request) {
	sendJSON(r, explained(t.proxies.Explain(r.HTTP)))
}

// pretend is for browsers without JavaScript, which cannot write these headers: the tour asks the front in their place, forged
// headers and all.
func (t *tour) pretend(r *pants.Request) {
	view, err := t.forge(r, r.Get().Get("as"))
	if err != nil {
		view = explained(t.proxies.Explain(r.HTTP))
		view.Error = err.Error()
	}
	t.show(r, http.StatusOK, page{Who: view})
}

func (t *tour) forge(r *pants.Request, as string) (*whoView, error) {
	if len(as) > 45 {
		return nil, errors.New("that is too long for an address")
	}
	hr, err := http.NewRequestWithContext(r.Context(), http.MethodGet, t.base+"/who.json", nil)
	if err != nil {
		return nil, err
	}
	for _, header := range forged(as) {
		hr.Header.Set(header.Name, header.Value)
	}
	res, err := t.client.Do(hr)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the front answered %s", res.Status)
	}
	view := &whoView{}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(view); err != nil {
		return nil, err
	}
	view.Pretended = as
	return view, nil
}

type field struct{ Name, Value string }

// forged are the headers of somebody who wants to be somebody else; tour.js sends the same.
func forged(as string) []field {
	return []field{
		{"X-Forwarded-For", as},
		{"X-Real-IP", as},
		{"Forwarded", "for=" + as},
		{"X-Forwarded-Proto", "https"},
		{"X-Forwarded-Host", "evil.example"},
	}
}

// whoView is a Trace, sorted into what the page draws.
type whoView struct {
	Client, Scheme, Host string

	Peer    xheaders.Hop
	Entries []entry // of X-Forwarded-For, in the order of the wire
	Others  []xheaders.Hop
	Notes   []string

	Pretended string `json:",omitempty"` // whom the visitor wanted to be
	Error     string `json:",omitempty"`
}

type entry struct {
	Text, Verdict, Why string
	Believed           bool
}

func explained(trace xheaders.Trace) *whoView {
	v := &whoView{Client: trace.Info.ClientIP(), Scheme: trace.Info.Scheme, Host: trace.Info.Host, Notes: trace.Notes}
	for _, hop := range trace.Hops {
		switch label, rest, _ := strings.Cut(hop.Text, " "); label {
		case "peer":
			v.Peer = xheaders.Hop{Text: strings.TrimSpace(rest), Verdict: hop.Verdict, Why: hop.Why}
			if v.Peer.Text == "@" {
				v.Peer.Text = "on a unix socket" // the client's end of one has no name
			}
		case "XFF": // "XFF 2  192.0.2.1", from right to left
			_, text, _ := strings.Cut(strings.TrimSpace(rest), " ")
			e := entry{Text: strings.TrimSpace(text), Verdict: hop.Verdict, Why: hop.Why, Believed: hop.Verdict != "not read"}
			v.Entries = append([]entry{e}, v.Entries...)
		default:
			v.Others = append(v.Others, hop)
		}
	}
	return v
}

// forgery is what became of a forged header.
type forgery struct {
	field
	Fate     string
	Believed bool
}

// Forgeries is empty when nobody has pretended anything.
func (v *whoView) Forgeries() (list []forgery) {
	if v.Pretended == "" {
		return nil
	}
	for _, header := range forged(v.Pretended) {
		list = append(list, v.fate(header))
	}
	return list
}

func (v *whoView) fate(header field) forgery {
	if header.Name == "X-Forwarded-For" {
		for _, e := range v.Entries {
			if e.Text == header.Value {
				if e.Believed {
					return forgery{header, "believed", true}
				}
				return forgery{header, "reached the app, not believed", false}
			}
		}
		return forgery{header, "dropped by the front", false}
	}
	for _, hop := range v.Others {
		name, text, _ := strings.Cut(hop.Text, " ")
		switch {
		case name != header.Name:
		case strings.TrimSpace(text) != strconv.Quote(header.Value):
			return forgery{header, "overwritten by the front", false}
		case hop.Verdict == "not read":
			return forgery{header, "reached the app, not believed", false}
		default:
			return forgery{header, "believed", true}
		}
	}
	return forgery{header, "dropped by the front", false}
}
