package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Client asks by an http.Client. What it reports is Cut: it has tried again by itself where that is safe.
func Client(client *http.Client, base string, limit time.Duration) func(*Request) (Outcome, error) {
	return func(r *Request) (Outcome, error) {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		hr, err := r.HTTP(ctx, base)
		if err != nil {
			return Wrong, err
		}
		res, err := client.Do(hr)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return Late, err
		case err != nil:
			return Cut, fmt.Errorf("without an answer: %w", err)
		}
		return Judge(r, res)
	}
}
