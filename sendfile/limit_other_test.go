//go:build !linux

package sendfile_test

func openLimit() uint64 { return 0 }
