//go:build race

package pants_test

// underRace tells that everything takes ten times the memory and the time.
const underRace = true
