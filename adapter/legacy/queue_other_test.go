//go:build !unix

package legacy_test

import (
	"net"
	"testing"
)

func shrinkQueue(*testing.T, *net.TCPListener) {}
