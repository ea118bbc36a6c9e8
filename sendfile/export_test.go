package sendfile

// Parts that tests and fuzz targets look at from outside.

// Ranges is parseRange as pairs of start and length.
func Ranges(value string, size int64) (spans [][2]int64, ok bool) {
	list, ok := parseRange(value, size)
	for _, sp := range list {
		spans = append(spans, [2]int64{sp.start, sp.length})
	}
	return spans, ok
}

var (
	Disposition = disposition
	CutTag      = cutTag
	ParseDate   = parseDate
)
