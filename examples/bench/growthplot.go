package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"regexp"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// panel is one pair of axes of the drawing.
type panel struct {
	title, what string               // what there is more of, and what that costs
	value       func(float64) string // names a cost
	curves      []drawnCurve
}

type drawnCurve struct {
	who    string
	points plotter.XYs
}

// panels are the time of something that grows, and the memory if that is known.
func panels(g growth, results []grown) []panel {
	times := panel{title: g.name, what: "time", value: timeText}
	memory := panel{title: g.name, what: "memory", value: byteText}
	for i := range results {
		r := &results[i]
		t, m := drawnCurve{who: r.who}, drawnCurve{who: r.who}
		for k, n := range r.sizes {
			t.points = append(t.points, plotter.XY{X: float64(n), Y: r.times[k].Center})
			if r.memory != nil && r.memory[k] > 0 {
				m.points = append(m.points, plotter.XY{X: float64(n), Y: float64(r.memory[k])})
			}
		}
		times.curves = append(times.curves, t)
		if m.points != nil {
			memory.curves = append(memory.curves, m)
		}
	}
	if memory.curves == nil {
		return []panel{times}
	}
	return []panel{times, memory}
}

func byteText(n float64) string {
	for _, unit := range []string{"B", "KB", "MB"} {
		if n < 1000 {
			return fmt.Sprintf("%.3g %s", n, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.3g GB", n)
}

// decades names the powers of ten of an axis.
type decades struct{ name func(float64) string }

func (d decades) Ticks(low, high float64) (ticks []plot.Tick) {
	for exponent := math.Floor(math.Log10(low)); exponent <= math.Ceil(math.Log10(high)); exponent++ {
		base := math.Pow(10, exponent)
		for k := 1.0; k < 10; k++ {
			if value := k * base; value >= low*0.999 && value <= high*1.001 {
				t := plot.Tick{Value: value}
				if k == 1 {
					t.Label = d.name(value)
				}
				ticks = append(ticks, t)
			}
		}
	}
	return ticks
}

// The colours stay apart on white and, turned by dark, on black, for the colour-blind as well.
var (
	curveColors = []color.Color{color.RGBA{0x00, 0x5f, 0xb8, 255}, color.RGBA{0xb8, 0x5c, 0x00, 255}}
	guideColor  = color.RGBA{0x80, 0x80, 0x80, 255}
)

// dark turns the drawing, which has a white ground of its own, to light on black where the reader wants that.
const dark = "<style>@media (prefers-color-scheme: dark) { svg { filter: invert(1) hue-rotate(180deg) } }</style>"

// canPlot reports why there will be no drawing, before the minutes that measuring takes. What the file has is left.
func canPlot(file string, pattern *regexp.Regexp) error {
	if len(selectedGrowths(pattern)) == 0 {
		return fmt.Errorf("nothing to draw: no row of growth matches %q", pattern)
	}
	_, before := os.Stat(file)
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil || before == nil {
		return err
	}
	return os.Remove(file)
}

// drawGrowth writes an SVG with all panels, two in a row.
func drawGrowth(file string, all []panel) error {
	const columns = 2
	rows := (len(all) + columns - 1) / columns
	grid := make([][]*plot.Plot, rows)
	for i := range grid {
		grid[i] = make([]*plot.Plot, columns)
	}
	for i, p := range all {
		one, err := p.plot()
		if err != nil {
			return err
		}
		grid[i/columns][i%columns] = one
	}
	svg := vgsvg.New(columns*11*vg.Centimeter, vg.Length(rows)*8*vg.Centimeter)
	canvas := draw.New(svg)
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Rectangle.Path())
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: vg.Centimeter / 2, PadY: vg.Centimeter / 2, PadTop: vg.Centimeter / 3, PadBottom: vg.Centimeter / 3,
		PadLeft: vg.Centimeter / 3, PadRight: vg.Centimeter / 3}
	for i, row := range plot.Align(grid, tiles, canvas) {
		for k, where := range row {
			if grid[i][k] != nil {
				grid[i][k].Draw(where)
			}
		}
	}
	var b bytes.Buffer
	if _, err := svg.WriteTo(&b); err != nil {
		return err
	}
	// The metrics are Liberation Sans', which are Arial's.
	content := bytes.ReplaceAll(b.Bytes(), []byte("Liberation Sans"), []byte("Liberation Sans, Arial, sans-serif"))
	root := bytes.Index(content, []byte("<svg"))
	end := root + bytes.IndexByte(content[max(0, root):], '>') + 1
	if root < 0 || end <= root {
		return fmt.Errorf("%s: no <svg> in %.100q", file, content)
	}
	content = slices.Insert(content, end, []byte("\n"+dark)...)
	return os.WriteFile(file, content, 0o644)
}

func (p panel) plot() (*plot.Plot, error) {
	one := plot.New()
	for _, style := range []*text.Style{
		&one.Title.TextStyle, &one.X.Label.TextStyle, &one.Y.Label.TextStyle, &one.X.Tick.Label, &one.Y.Tick.Label, &one.Legend.TextStyle,
	} {
		style.Font.Variant = "Sans"
	}
	one.Title.Text, one.X.Label.Text, one.Y.Label.Text = p.title, "number of them", p.what
	one.X.Scale, one.Y.Scale = plot.LogScale{}, plot.LogScale{}
	one.X.Tick.Marker, one.Y.Tick.Marker = decades{func(n float64) string { return fmt.Sprint(n) }}, decades{p.value}
	one.Legend.Top, one.Legend.Left, one.Legend.XOffs = true, true, vg.Millimeter*2
	one.Add(plotter.NewGrid())
	for i, c := range p.curves {
		line, points, err := plotter.NewLinePoints(c.points)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", p.title, c.who, err)
		}
		shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}}
		line.Color, line.Width = curveColors[i%2], vg.Points(1.5)
		points.Color, points.Shape, points.Radius = curveColors[i%2], shapes[i%2], vg.Points(2.2)
		one.Add(line, points)
		one.Legend.Add(c.who, line, points)
	}
	guide, err := plotter.NewLine(p.guide())
	if err != nil {
		return nil, err
	}
	guide.Color, guide.Dashes = guideColor, []vg.Length{vg.Points(4), vg.Points(3)}
	one.Add(guide)
	one.Legend.Add("linear", guide)
	one.Y.Max *= 30 // room for the legend
	return one, nil
}

// guide is a line of the exponent 1 that ends where the first curve ends, as far as that goes down.
func (p panel) guide() plotter.XYs {
	points := p.curves[0].points
	first, last := points[0], points[len(points)-1]
	from := plotter.XY{X: first.X, Y: last.Y * first.X / last.X}
	if from.Y < first.Y {
		from = plotter.XY{X: last.X * first.Y / last.Y, Y: first.Y}
	}
	return plotter.XYs{from, last}
}
