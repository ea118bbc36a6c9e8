//go:build !unix

package pants

import (
	"context"
	"errors"
	"net"
)

func listenUnix(ctx context.Context, a address) (*listener, error) {
	if a.hasMode {
		return nil, errors.New("unix sockets have no mode here")
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "unix", a.text)
	if err != nil {
		return nil, err
	}
	return newListener(l), nil
}
