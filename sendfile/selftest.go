package sendfile

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// SelfTest sends a file through the real proxy and says what is wrong, and what
// the likely cause is, if it does not arrive. base is where the files of this
// Sender are, as a client has it: the URL in front of the proxy below which
// [Sender.Files] is mounted, or a handler that sends what the rest of the path
// names.
//
// It writes two small files into Root for the time of the test, one with a
// plain name and one whose name shows whether both sides agree about encoding.
// The proxy has to be able to read files that this process makes.
func (s *Sender) SelfTest(ctx context.Context, base string) error {
	switch {
	case s.header == "":
		return errors.New("sendfile: self-test: nothing is offloaded with Proxy Direct")
	case s.root == nil:
		return errors.New("sendfile: self-test: needs a Root")
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()

	id := "sendfile-probe-" + rand.Text()
	if err := s.tryProbe(ctx, base, id+".txt", false); err != nil {
		return fmt.Errorf("sendfile: self-test: %w", err)
	}
	if err := s.tryProbe(ctx, base, id+" 100%25 é?#+.txt", true); err != nil {
		return fmt.Errorf("sendfile: self-test: plain names work, but others do not: %w", err)
	}
	return nil
}

// probe is a file on its way through the proxy.
type probe struct {
	name, content string

	mu        sync.Mutex
	reached   bool
	offloaded bool
	value     string
}

// seen is told by the Sender about each file it sends.
func (p *probe) seen(name, value string, offloaded bool) {
	if p == nil || name != p.name {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reached, p.offloaded, p.value = true, offloaded, value
}

func (s *Sender) tryProbe(ctx context.Context, base, name string, odd bool) error {
	address, err := escapedURL(base, name)
	if err != nil {
		return err
	}
	p := &probe{name: name, content: "probe " + rand.Text() + "\n"}
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("cannot write a probe into Root: %w", bare(err))
	}
	defer s.root.Remove(name)
	_, err = io.WriteString(f, p.content)
	// A strict umask is no fault of the proxy.
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("cannot write a probe into Root: %w", err)
	}

	if !s.probe.CompareAndSwap(nil, p) {
		return errors.New("another one is running")
	}
	defer s.probe.Store(nil)

	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Cache-Control", "no-cache")
	client := &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
	if err != nil {
		return fmt.Errorf("answer of %s cut off: %w", r.URL.Redacted(), err)
	}
	return s.diagnose(p, res, string(body), odd)
}

// diagnose finds the likely cause for what came back.
func (s *Sender) diagnose(p *probe, res *http.Response, body string, odd bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := res.Request.URL.Redacted()
	leaked := res.Header[s.header] != nil
	switch {
	case !p.reached:
		return fmt.Errorf("%s answers %d, but the request did not reach this Sender: wrong URL, another process, or the proxy passes the path on changed", at, res.StatusCode)
	case !p.offloaded && odd && body == p.content:
		return nil // Generic, or a name this server cannot be told
	case !p.offloaded:
		return fmt.Errorf("%s was sent by this process, which has no value for the name, or was told so by Offload", at)
	case leaked:
		return fmt.Errorf("%s answers %d and shows %s: %q to the client: the proxy does not act on this header. Either another server than %s stands in front, or %s",
			at, res.StatusCode, s.header, p.value, s.preset.name, hints[s.conf.Proxy].off)
	case res.StatusCode == http.StatusOK && body == p.content:
		return nil
	case res.StatusCode == http.StatusOK && body == "":
		return fmt.Errorf("%s answers 200 without content: the proxy took %s away and sent nothing. Likely %s", at, s.header, hints[s.conf.Proxy].off)
	case res.StatusCode == http.StatusOK:
		return fmt.Errorf("%s answers 200 with other content than the file's: %s %q names another file to the proxy. Likely %s", at, s.header, p.value, hints[s.conf.Proxy].dir)
	case odd:
		return fmt.Errorf("%s answers %d to %s %q: the proxy reads the value in another way. Likely %s", at, res.StatusCode, s.header, p.value, hints[s.conf.Proxy].coding)
	default:
		return fmt.Errorf("%s answers %d to %s %q. Likely %s", at, res.StatusCode, s.header, p.value, hints[s.conf.Proxy].dir)
	}
}

// hint is what is usually wrong: the server does not act, it looks in another
// place, or it reads the name in another way.
type hint struct{ off, dir, coding string }

var hints = [...]hint{
	Nginx: {
		off:    `"proxy_ignore_headers X-Accel-Redirect" is set`,
		dir:    "the location named by Prefix is missing, its alias is not Root, one of both lacks the slash at its end, or the user nginx runs as may not read the file",
		coding: "a rewrite in the location changes the path",
	},
	Caddy: {
		off:    "handle_response has no matcher for the header",
		dir:    "root or strip_prefix in handle_response do not match Root and Prefix, or Caddy may not read the file",
		coding: "handle_response has a rewrite, which does not decode the value in Caddy 2.6; Snippet has a line that does",
	},
	Apache: {
		off:    `"XSendFile on" is missing in this <Location>, or mod_xsendfile is not loaded`,
		dir:    "XSendFilePath does not contain Root, or Apache may not read the file",
		coding: "mod_xsendfile is 1.0 or later and decodes the path: use ApacheUnescape, or set XSendFileUnescape off",
	},
	ApacheUnescape: {
		off:    `"XSendFile on" is missing in this <Location>, or mod_xsendfile is not loaded`,
		dir:    "XSendFilePath does not contain Root, or Apache may not read the file",
		coding: "mod_xsendfile is 0.12, which does not decode the path, or XSendFileUnescape is off: use Apache",
	},
	Lighttpd: {
		off:    `"x-sendfile" => "enable" is missing in proxy.server`,
		dir:    "x-sendfile-docroot does not contain Root, or lighttpd may not read the file",
		coding: "another server stands in front",
	},
	Generic: {
		off:    "offloading is not switched on there",
		dir:    "the server looks in another place, or does not take relative names",
		coding: "the server wants another encoding; is there a preset for it?",
	},
}
