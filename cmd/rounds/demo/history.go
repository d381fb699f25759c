package demo

import (
	"fmt"
	"hash/fnv"
	"sort"
	"time"
)

// Read is one opening of an article in the past: what the analyst's charts show before anybody has used the demo.
type Read struct {
	Person  string
	Article string
	At      time.Time
}

// historyDays is how far back the analyst can look on the first day.
const historyDays = 30

// History answers who opened which article in the weeks before the first start. It is derived from each person's pace
// by hashing, not by chance, so that two first starts on one day tell the same story.
func (d *Data) History(first time.Time) []Read {
	var all []Read
	for day := historyDays; day >= 1; day-- {
		date := first.UTC().AddDate(0, 0, -day)
		for _, p := range d.People {
			if p.State != "approved" || p.RegisteredAt(first).After(date) {
				continue
			}
			all = append(all, d.readsOn(p, date, first)...)
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].At.Before(all[j].At) })
	return all
}

func (d *Data) readsOn(p Person, date, first time.Time) []Read {
	pace := p.Pace
	if wd := date.Weekday(); wd == time.Saturday || wd == time.Sunday {
		pace /= 2 // people rest, and a chart should show it
	}
	var reads []Read
	for n := range 2 {
		if pick(14, p.Key, date, n) >= pace {
			continue
		}
		hour := 7 + pick(14, p.Key, date, n+20)
		at := time.Date(date.Year(), date.Month(), date.Day(), hour, pick(60, p.Key, date, n+30), 0, 0, time.UTC)
		if known := d.publishedAt(at, first); len(known) > 0 && at.Before(first) {
			reads = append(reads, Read{Person: p.Key, Article: known[pick(len(known), p.Key, date, n+10)], At: at})
		}
	}
	return reads
}

// publishedAt answers the articles that could be read at that time.
func (d *Data) publishedAt(at, first time.Time) []string {
	var slugs []string
	for _, a := range d.Articles {
		if a.PublishedAt(first).Before(at) {
			slugs = append(slugs, a.Slug)
		}
	}
	return slugs
}

// pick answers a number below n that depends on nothing but its arguments. Days count from the epoch, so the story
// does not hang on the hour of the first start.
func pick(n int, key string, date time.Time, salt int) int {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d/%d", key, date.Unix()/86400, salt)
	return int((h.Sum64() >> 20) % uint64(n))
}
