//go:build !unix

package pants

func closeOnExec(int) {}
