package sendfile

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

var (
	// ErrOutsideRoot is wrapped by the error for a name that leaves Root,
	// by itself or through a symbolic link.
	ErrOutsideRoot = errors.New("outside of the root")

	// ErrNotRegular is wrapped by the error for a directory, FIFO, socket or
	// device, and for a name that can only be a directory's.
	ErrNotRegular = errors.New("not a regular file")
)

// place is where a name leads, before anything is opened.
type place struct {
	rel     string // below the root, cleaned, in the system's spelling
	abs     string // only if outside
	dir     string // the root, absolute; "": not asked for, see needsDir
	outside bool
}

// fileError is a file that cannot be sent, with the status that says so.
type fileError struct {
	name   string
	status int
	cause  error
}

// Error quotes the name: it may come from a request, and a raw line feed would
// forge a line in a log (CVE-2025-27111, Rack::Sendfile).
func (e *fileError) Error() string { return fmt.Sprintf("sendfile: %q: %v", e.name, e.cause) }

func (e *fileError) Unwrap() error { return e.cause }

// locate decides by the text of name alone where it leads. What it returns is
// cleaned, so that the file checked here and the file named to a proxy are the
// same one.
func (s *Sender) locate(name string, allowOutside bool) (place, error) {
	if strings.IndexByte(name, 0) >= 0 {
		return place{}, &fileError{name, http.StatusNotFound, fmt.Errorf("%w: NUL in name", fs.ErrNotExist)}
	}
	p := place{dir: s.dir}
	if s.root == nil && s.needsDir(name) {
		dir, err := os.Getwd()
		if err != nil {
			return place{}, classify(name, err, nil)
		}
		p.dir = dir
	}
	switch {
	case !filepath.IsAbs(name):
		p.rel = filepath.Clean(name)
		if !filepath.IsLocal(p.rel) {
			return place{}, &fileError{name, http.StatusNotFound, ErrOutsideRoot}
		}
	case s.within(&p, name):
	case allowOutside:
		p.abs, p.outside = filepath.Clean(name), true
	default:
		return place{}, &fileError{name, http.StatusNotFound, ErrOutsideRoot}
	}
	// Cleaning takes the slash from "a.txt/", and some versions of os.Root
	// follow "link/" out of the root (CVE-2026-39822, golang/go#79005): what
	// is spelled like a directory is none of our files.
	if isDirName(name) {
		return place{}, &fileError{name, http.StatusNotFound, ErrNotRegular}
	}
	return p, nil
}

// needsDir tells whether the directory is asked for its name, and opened by that: to see whether an absolute name lies in it, to
// name the file to a proxy, and to follow links. Otherwise it can be kept open, but not on Windows: nobody could rename or remove it.
func (s *Sender) needsDir(name string) bool {
	return filepath.IsAbs(name) || s.header != "" || s.conf.FollowSymlinks || runtime.GOOS == "windows"
}

// within reports whether the absolute name lies in the root, and where. Root
// may be spelled with symbolic links and name without them. Comparing the
// beginnings of texts instead would take "/srv/files-old/x" for a file of
// "/srv/files" (CVE-2026-22860 and CVE-2026-34785 in Rack).
func (s *Sender) within(p *place, name string) bool {
	rel, err := filepath.Rel(p.dir, name)
	if err == nil && filepath.IsLocal(rel) {
		p.rel = rel
		return true
	}
	resolved := s.resolved
	if s.root == nil {
		if resolved, err = filepath.EvalSymlinks(p.dir); err != nil {
			return false
		}
	}
	if resolved == p.dir {
		return false
	}
	if rel, err = filepath.Rel(resolved, name); err == nil && filepath.IsLocal(rel) {
		p.rel = rel
		return true
	}
	return false
}

func isDirName(name string) bool {
	if name == "" || os.IsPathSeparator(name[len(name)-1]) {
		return true
	}
	switch i := len(name) - 1; {
	case name[i] != '.':
		return false
	case i == 0 || os.IsPathSeparator(name[i-1]):
		return true
	default:
		return name[i-1] == '.' && (i == 1 || os.IsPathSeparator(name[i-2]))
	}
}

// open opens the regular file at p.
func (s *Sender) open(name string, p place) (*os.File, fs.FileInfo, error) {
	var f *os.File
	var err error
	root := s.root
	switch {
	case root != nil || p.outside:
	case p.dir == "":
		d, err := openWorkingDir()
		if err != nil {
			return nil, nil, classify(name, err, nil)
		}
		defer d.release()
		root = d.root
	default: // the directory of this name, whatever is the process's by now
		if root, err = os.OpenRoot(p.dir); err != nil {
			return nil, nil, classify(name, err, nil)
		}
		defer root.Close()
	}
	if p.outside {
		f, err = os.OpenFile(p.abs, openFlags, 0)
	} else {
		f, err = root.OpenFile(p.rel, openFlags, 0)
		if err != nil && s.conf.FollowSymlinks && isEscape(bare(err), root) {
			f, err = openResolved(root, p, err)
		}
	}
	if err != nil {
		return nil, nil, classify(name, err, root)
	}
	// The descriptor is asked, not the name: the file behind a name can be
	// exchanged between a look and the opening.
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() {
		return f, info, nil
	}
	_ = f.Close()
	if err != nil {
		return nil, nil, classify(name, err, nil)
	}
	return nil, nil, &fileError{name, http.StatusNotFound, ErrNotRegular}
}

// openResolved opens what the links of p lead to, if that lies in the root, and
// hands err back if not. The result is opened through root like any name, so a
// link exchanged meanwhile leads nowhere else.
func openResolved(root *os.Root, p place, err error) (*os.File, error) {
	dir, derr := filepath.EvalSymlinks(p.dir)
	target, terr := filepath.EvalSymlinks(filepath.Join(p.dir, p.rel))
	if derr != nil || terr != nil {
		return nil, err
	}
	rel, rerr := filepath.Rel(dir, target)
	if rerr != nil || !filepath.IsLocal(rel) {
		return nil, err
	}
	return root.OpenFile(rel, openFlags, 0)
}

// classify finds the status for an error of opening.
func classify(name string, err error, root *os.Root) error {
	cause := bare(err)
	status := http.StatusInternalServerError
	switch {
	case isEscape(cause, root):
		status, cause = http.StatusNotFound, ErrOutsideRoot
	case errors.Is(cause, fs.ErrNotExist):
		status = http.StatusNotFound
	case errors.Is(cause, fs.ErrPermission):
		status = http.StatusForbidden
	case isOne(cause, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL):
		status, cause = http.StatusNotFound, fmt.Errorf("%w: %w", fs.ErrNotExist, cause)
	case isOne(cause, unopenable...):
		status, cause = http.StatusNotFound, fmt.Errorf("%w: %w", ErrNotRegular, cause)
	case isOne(cause, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM):
		status = http.StatusServiceUnavailable
	}
	return &fileError{name, status, cause}
}

func isOne(err error, list ...syscall.Errno) bool {
	for _, errno := range list {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// isEscape reports whether cause is os.Root's "path escapes from parent". Package
// os does not export that error, so root is made to show it.
func isEscape(cause error, root *os.Root) bool {
	if root == nil {
		return false
	}
	if _, ok := cause.(syscall.Errno); ok {
		return false
	}
	_, err := root.Lstat("..")
	return err != nil && errors.Is(cause, bare(err))
}

// bare takes the path, which may hold anything, out of an error of package os.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
