package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"

	"github.com/go-pants/kit/pants"
)

type entry struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Text string `json:"text"`
}

// entries is the guest book, a line of JSON each: either program reads and writes it.
func (g *guestbook) entries() ([]entry, error) {
	text, err := os.ReadFile(g.book)
	if err != nil {
		return nil, err
	}
	var list []entry
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return nil, fmt.Errorf("%s: %w", g.book, err)
		}
		list = append(list, e)
	}
	return list, nil
}

func (g *guestbook) add(name, text string) (entry, error) {
	list, err := g.entries()
	if err != nil {
		return entry{}, err
	}
	e := entry{ID: len(list) + 1, Name: name, Text: text}
	line, err := json.Marshal(e)
	if err != nil {
		return entry{}, err
	}
	file, err := os.OpenFile(g.book, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return entry{}, err
	}
	if _, err := file.Write(append(line, '\n')); err != nil {
		file.Close()
		return entry{}, err
	}
	return e, file.Close()
}

// sendJSON answers with a value. Python wrote blanks after ':' and ','; to a program that is the same.
func sendJSON(r *pants.Request, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // of the program: no value here can fail
	}
	r.SendResponse(string(text), pants.Code(status), pants.ContentType("application/json"))
}

// fail is for what is nobody's fault but ours. The client is not told more.
func (g *guestbook) fail(r *pants.Request, err error) {
	log.Printf("%s %s: %v", r.Method(), r.Path(), err)
	r.SendResponse("500 Internal Server Error", pants.Code(http.StatusInternalServerError))
}
