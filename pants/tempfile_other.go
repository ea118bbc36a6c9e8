//go:build !linux

package pants

import (
	"errors"
	"os"
)

func unnamedFile() (*os.File, error) { return nil, errors.ErrUnsupported }
