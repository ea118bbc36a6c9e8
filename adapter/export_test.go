package adapter

import "regexp/syntax"

// Sample makes a host and a path that the rule of t is for, and the texts of its variables. The texts are the shortest there
// are, so that no other way to cut the path exists.
func Sample(t *Route) (host, path string, texts []string) {
	parts, err := scan(t.rule)
	if err != nil {
		panic(err)
	}
	domain, rest, err := split(parts)
	if err != nil {
		panic(err)
	}
	host = "example.com"
	i := 0
	fill := func(parts []part) (whole string) {
		for _, p := range parts {
			whole += p.text
			if p.variable != nil {
				all, group := shortestText(t.variables[i].expr)
				whole += narrow(all)
				texts = append(texts, narrow(group))
				if group == "" {
					texts[i] = t.variables[i].standIn
				}
				i++
			}
		}
		return whole
	}
	if len(domain) > 0 {
		host = fill(domain)
		if host[0] == '.' {
			host = "x" + host
		}
	}
	return host, fill(rest), texts
}

// shortestText is a shortest text that an expression matches, and that of its group.
func shortestText(expr string) (all, group string) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		panic(err)
	}
	var write func(*syntax.Regexp) string
	write = func(tree *syntax.Regexp) (text string) {
		switch tree.Op {
		case syntax.OpLiteral:
			return string(tree.Rune)
		case syntax.OpCharClass:
			for _, c := range "a7x-" { // what chi is sent as it is
				for i := 0; i < len(tree.Rune); i += 2 {
					if tree.Rune[i] <= c && c <= tree.Rune[i+1] {
						return string(c)
					}
				}
			}
			return string(tree.Rune[0])
		case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
			return "a"
		case syntax.OpPlus:
			return write(tree.Sub[0])
		case syntax.OpCapture:
			group = write(tree.Sub[0])
			return group
		case syntax.OpRepeat:
			for range tree.Min {
				text += write(tree.Sub[0])
			}
		case syntax.OpConcat:
			for _, sub := range tree.Sub {
				text += write(sub)
			}
		case syntax.OpAlternate:
			best := tree.Sub[0]
			for _, sub := range tree.Sub[1:] {
				if shortest(sub) < shortest(best) {
					best = sub
				}
			}
			return write(best)
		}
		return text
	}
	return write(tree), group
}
