//go:build !race

package pants_test

const underRace = false
