package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What can be wrong with an answer, and ends the measurement.
var (
	errClosed = errors.New("the server closed the connection")
	errStatus = errors.New("wrong status")
	errLength = errors.New("wrong length")
	errBody   = errors.New("wrong body")
	errEarly  = errors.New("answered before the end of the request")
	errHead   = errors.New("unreadable head")
	errHeader = errors.New("wrong header")
)

// receive reads what has come of an answer, and tells whether that was all of it.
func (l *load) receive(c *loadConn) (complete bool, err error) {
	if c.left > 0 {
		n, err := transferred(recvfrom(c.fd, l.discard[:min(c.left, len(l.discard))], unix.MSG_TRUNC))
		if err != nil {
			return false, fmt.Errorf("%w, %d bytes before the end of an answer", err, c.left)
		}
		c.left -= n
		return c.left == 0, nil
	}
	n, err := transferred(unix.Read(c.fd, c.buf[c.n:]))
	if err != nil {
		return false, fmt.Errorf("%w, after %d bytes of an answer", err, c.n)
	}
	c.n += n
	head := bytes.Index(c.buf[:c.n], endOfHead)
	if head < 0 {
		if c.n == len(c.buf) {
			return false, fmt.Errorf("%w: it is longer than %d bytes", errHead, c.n)
		}
		return false, nil
	}
	body := c.buf[head+len(endOfHead) : c.n]
	if err := checkHead(c.buf[:head], len(l.want), l.headers); err != nil {
		return false, err
	}
	if len(c.unsent) > 0 {
		return false, fmt.Errorf("%w: %d bytes were not sent", errEarly, len(c.unsent))
	}
	switch {
	case len(body) > len(l.want):
		return false, fmt.Errorf("%w: %d bytes more than the head says", errLength, len(body)-len(l.want))
	case !bytes.Equal(body, l.want[:len(body)]):
		return false, fmt.Errorf("%w: %.100q", errBody, body)
	case len(l.want) > compared:
		c.left = len(l.want) - len(body)
		return c.left == 0, nil
	}
	return len(body) == len(l.want), nil
}

var (
	endOfHead  = []byte("\r\n\r\n")
	endOfLine  = []byte("\r\n")
	colonMark  = []byte(":")
	semicolon  = []byte(";")
	lengthName = []byte("Content-Length")
	typeName   = []byte("Content-Type")
	cookieName = []byte("Set-Cookie")
)

// checkHead looks at the status, at the length, and at the headers that the row is about. An answer without a length (chunked,
// or until the connection closes) is more work and fewer bytes told than the others': it is no answer to the same row.
func checkHead(head []byte, want int, headers wireHeaders) error {
	if !bytes.HasPrefix(head, statusLine) {
		return fmt.Errorf("%w: %.100q", errStatus, head)
	}
	var length, mediaType []byte
	cookies := 0
	for rest := head; len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, endOfLine)
		name, value, _ := bytes.Cut(line, colonMark)
		switch {
		case bytes.EqualFold(name, lengthName):
			length = bytes.TrimSpace(value)
		case bytes.EqualFold(name, typeName):
			mediaType, _, _ = bytes.Cut(value, semicolon)
			mediaType = bytes.TrimSpace(mediaType)
		case bytes.EqualFold(name, cookieName):
			cookies++
		}
	}
	n, err := strconv.Atoi(string(length))
	switch {
	case length == nil:
		return fmt.Errorf("%w: none in %q", errLength, head)
	case err != nil || n != want:
		return fmt.Errorf("%w: %q, not %d", errLength, length, want)
	case headers.mediaType != "" && !strings.EqualFold(string(mediaType), headers.mediaType):
		return fmt.Errorf("%w: the Content-Type is %q, not %s", errHeader, mediaType, headers.mediaType)
	case headers.cookies != 0 && cookies != headers.cookies:
		return fmt.Errorf("%w: %d lines of Set-Cookie, not %d", errHeader, cookies, headers.cookies)
	}
	return nil
}

// transferred makes an error of the end, and none of a call that has to be made again.
func transferred(n int, err error) (int, error) {
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("%w: %w", errClosed, err)
	case n == 0:
		return 0, errClosed
	}
	return n, nil
}

func recvfrom(fd int, p []byte, flags int) (n int, err error) {
	n, _, err = unix.Recvfrom(fd, p, flags)
	return n, err
}
