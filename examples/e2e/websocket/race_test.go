//go:build race

package websocket_test

// raceDetector makes everything ten times as slow, and needs less of it.
const raceDetector = true
