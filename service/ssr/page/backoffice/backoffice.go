// Package backoffice is where administrators work: first the list of what waits for them, then the queue of applications.
package backoffice

import (
	"context"
	"strconv"
	"strings"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/part"
)

// Task is a line of the work list.
type Task struct {
	Label   string // what it is, as a sentence with the number
	Href    string
	Count   int
	Calm    bool // good to know, and nothing to do
	Missing bool // it cannot be asked for right now
}

// waiting leaves out what has nothing to do.
func waiting(tasks []Task) []Task {
	var all []Task
	for _, t := range tasks {
		if t.Missing || t.Count > 0 {
			all = append(all, t)
		}
	}
	return all
}

// ListView is a page of applications.
type ListView struct {
	State string
	List  *bffpb.ApplicationsResponse
	First bool
}

func (v ListView) tabs(ctx context.Context) []part.Tab {
	tab := func(state, label string, count int) part.Tab {
		return part.Tab{Label: label, Href: "/backoffice/applications?state=" + state, Current: v.State == state, Count: count}
	}
	return []part.Tab{
		tab("waiting", i18n.Say(ctx, "review.waiting"), int(v.List.GetWaiting())),
		tab("approved", i18n.Say(ctx, "review.approved"), 0),
		tab("rejected", i18n.Say(ctx, "review.rejected"), 0),
	}
}

func (v ListView) next() string {
	return part.Query("/backoffice/applications", "state", v.State, "after", v.List.GetNextPageToken())
}

func columns(ctx context.Context) []part.Column {
	return []part.Column{
		{Label: i18n.Say(ctx, "register.name")},
		{Label: i18n.Say(ctx, "register.profession")},
		{Label: i18n.Say(ctx, "register.country")},
		{Label: i18n.Say(ctx, "review.registry")},
		{Label: i18n.Say(ctx, "review.submitted")},
	}
}

// ReviewView is one application.
type ReviewView struct {
	Application *bffpb.Application
	Next        string
	Form        form.Form
}

func (v ReviewView) path() string  { return "/backoffice/applications/" + v.Application.GetId() }
func (v ReviewView) proof() string { return v.path() + "/proof" }
func (v ReviewView) image() bool   { return strings.HasPrefix(v.Application.GetMediaType(), "image/") }

func (v ReviewView) size() string {
	return strconv.Itoa((int(v.Application.GetSize())+999)/1000) + " kB"
}

func (v ReviewView) differs(what string) bool {
	for _, flag := range v.Application.GetRegistryFlags() {
		if flag == what {
			return true
		}
	}
	return false
}

// registryWord is what the registry said, in a few words.
func registryWord(ctx context.Context, a *bffpb.Application) string {
	switch a.GetRegistryState() {
	case "found":
		if len(a.GetRegistryFlags()) > 0 {
			return i18n.Say(ctx, "review.registry_differs")
		}
		return i18n.Say(ctx, "review.registry_found")
	case "not_found":
		return i18n.Say(ctx, "review.registry_not_found")
	case "unavailable":
		return i18n.Say(ctx, "review.registry_unavailable")
	}
	return i18n.Say(ctx, "review.registry_not_asked")
}

func registryTone(a *bffpb.Application) part.Tone {
	switch {
	case a.GetRegistryState() == "found" && len(a.GetRegistryFlags()) == 0:
		return part.Good
	case a.GetRegistryState() == "found", a.GetRegistryState() == "not_found":
		return part.Needs
	}
	return part.Plain
}
