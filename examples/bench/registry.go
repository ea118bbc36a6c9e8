package main

// A topic is one file with rows. To compare another part of the kit, write such a file and add its function here.
var topics = []struct {
	name string
	rows func() []row
}{
	{"hello", helloRows},
	{"params", paramsRows},
	{"query", queryRows},
	{"cookies", cookiesRows},
	{"securecookies", secureCookiesRows},
	{"json", jsonRows},
	{"files", filesRows},
	{"deferred", deferredRows},
	{"stack", stackRows},
	{"xheaders", xheadersRows},
	{"forms", formsRows},
}

// row is one job, and those who try to do it, ours first.
type row struct {
	topic, name string
	tries       []try
}

// try is one implementation at a row's job.
type try struct {
	who    string
	answer func() string // does the job once, and tells what came out
	want   string        // the right answer
	says   string        // what a known version answers instead: it cannot do the row, and is not timed; "" if it can
	do     func()        // does the job once, timed

	against string   // the try of ours that the promises are about; "" for none
	like    string   // the try of ours that has the same form: middleware, text ...; "" for none
	slower  bool     // a promise: this is slower than against
	atMost  float64  // a promise: the ratio is at most that; 0 for none
	times   []limit  // promises about the time
	allocs  []limit  // promises about allocations
	marks   []string // what else is to be known of who, one for each of the topic's columns
}

// limit is what is promised in comparison with another try of the row: at most so many times as long, or so many more allocations.
type limit struct {
	to   string
	most float64
	goal bool // no promise: what is to be reached, and is not yet
}

// goal is what the time is to be, and the promise that it is no worse than now, with room for noise.
func goal(to string, most, promised float64) []limit {
	return []limit{{to: to, most: most, goal: true}, {to: to, most: promised}}
}

// cannot reports whether the row is known to be too much.
func (t *try) cannot() bool { return t.says != "" }

// expected is what answer has to return.
func (t *try) expected() string {
	if t.cannot() {
		return t.says
	}
	return t.want
}

func rows() (all []row) {
	for _, topic := range topics {
		for _, r := range topic.rows() {
			r.topic = topic.name
			all = append(all, r)
		}
	}
	return all
}
