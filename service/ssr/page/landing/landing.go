// Package landing is the first page of a visitor: in five seconds one knows what Rounds is, for
// whom, what is live now, and how to register.
package landing

import "time"

// View is what the page shows.
type View struct {
	Live            []Webinar
	Next            []Webinar
	Articles        []Article
	WebinarsMissing bool // they cannot be asked for right now
	ArticlesMissing bool
}

// Webinar is a webinar in few words.
type Webinar struct {
	Href     string
	Title    string
	Lecturer string
	Category string
	Starts   time.Time
	Minutes  int
	Points   string // as a number in words of the reader's language; empty for none
}

// Article is an article in few words.
type Article struct {
	Href      string
	Title     string
	Summary   string
	Category  string
	Published time.Time
}
