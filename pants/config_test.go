package pants_test

import (
	"strings"
	"testing"

	"github.com/go-pants/kit/pants"
	"github.com/go-pants/kit/sendfile"
	"github.com/go-pants/kit/xheaders"
)

// Every mistake is in the one error, with the value that is wrong.
func TestNewReportsEverything(t *testing.T) {
	_, err := pants.New(pants.Config{
		CookieSecrets: [][]byte{secretA, []byte("short")},
		LegacyCookies: pants.LegacyCookies{Write: true, Names: []string{"a b", "path"}},
		XHeaders:      xheaders.Config{Trust: []string{"10.0.0.1/99"}, Hops: -1},
		Sendfile:      sendfile.Config{Root: "no/such/folder"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"CookieSecrets[1] has 5 bytes", "LegacyCookies.Secret", `"a b"`, `"path"`, `"10.0.0.1/99"`, "-1", `no/such/folder`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %s:\n%v", want, err)
		}
	}
}
