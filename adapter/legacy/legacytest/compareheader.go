package legacytest

import (
	"mime"
	"net/http"
	"slices"
	"strings"
)

// listHeaders have members whose order means nothing.
var listHeaders = []string{
	"Vary", "Allow", "Cache-Control", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Expose-Headers",
}

func (c *comparison) header(name string, got, want []string) {
	name = http.CanonicalHeaderKey(name)
	if len(got) == 0 && len(want) == 0 {
		return
	}
	where := "header " + name
	if len(got) == 0 || len(want) == 0 {
		c.add(where, showList(got), showList(want))
		return
	}
	var same func(got, want string) bool
	switch {
	case name == "Content-Type":
		same = sameType
	case name == "Location":
		same = func(got, want string) bool { return c.fits(c.local(got), c.local(want)) }
	case slices.Contains(listHeaders, name):
		same = func(got, want string) bool { return c.fits(members(got), members(want)) }
	default:
		same = c.fits
	}
	if !same(strings.Join(got, ", "), strings.Join(want, ", ")) {
		c.add(where, showList(got), showList(want))
	}
}

func showList(values []string) string {
	if len(values) == 0 {
		return none
	}
	return show(strings.Join(values, ", "))
}

// sameType compares media type and charset; of JSON there is only one (RFC 8259 section 8.1).
func sameType(got, want string) bool {
	if got == want {
		return true
	}
	gotType, gotParameters, gotErr := mime.ParseMediaType(got)
	wantType, wantParameters, wantErr := mime.ParseMediaType(want)
	if gotErr != nil || wantErr != nil || gotType != wantType {
		return false
	}
	return strings.HasSuffix(gotType, "json") || strings.EqualFold(gotParameters["charset"], wantParameters["charset"])
}

// local takes the scheme and the request's own host from a URL. RFC 9110 section 10.2.2 lets a Location do without.
func (c *comparison) local(location string) string {
	for _, scheme := range []string{"http://", "https://"} {
		rest, ok := strings.CutPrefix(location, scheme+c.r.Request.Host)
		if ok && (rest == "" || rest[0] == '/' || rest[0] == '?') { // and no longer name
			return "/" + strings.TrimPrefix(rest, "/")
		}
	}
	return location
}

func members(list string) string {
	var found []string
	for member := range strings.SplitSeq(list, ",") {
		found = append(found, strings.ToLower(strings.TrimSpace(member)))
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), ", ")
}
