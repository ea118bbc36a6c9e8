package pants_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every attribute, method and argument in the document of pants.http.server stands in the table of the package documentation.
func TestDocumentIsCovered(t *testing.T) {
	document, err := os.ReadFile("testdata/pants.http.server.txt")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var items []string
	for _, line := range strings.Split(string(document), "\n") {
		line = strings.TrimSuffix(strings.TrimSpace(line), "[source]")
		name, arguments, call := strings.Cut(line, "(")
		name = strings.TrimPrefix(name, "class pants.http.server.")
		switch {
		case regexp.MustCompile(`^[a-z_]+$`).MatchString(name) && !call, regexp.MustCompile(`^[A-Za-z_]+$`).MatchString(name) && strings.HasSuffix(line, ")"):
			items = append(items, name)
		default:
			continue
		}
		for _, argument := range strings.Split(strings.TrimSuffix(arguments, ")"), ",") {
			argument, _, _ = strings.Cut(strings.TrimSpace(argument), "=")
			items = append(items, argument)
		}
	}
	// The document has lost the headings of these two.
	items = append(items, "get_secure_cookie", "set_secure_cookie", "expires")
	own := map[string]bool{ // what a call cannot be without, and the means of other layers
		"": true, "*args": true, "**kwargs": true, "address": true, "backlog": true, "slave": true, "ssl_options": true, "data": true,
		"keys": true, "content": true, "self": true,
	}
	found := 0
	for _, item := range items {
		if own[item] {
			continue
		}
		found++
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(item) + `\b`).Match(table) {
			t.Errorf("%q of the Pants document is not in doc.go", item)
		}
	}
	if found < 60 {
		t.Errorf("only %d items read from the document", found)
	}
}
