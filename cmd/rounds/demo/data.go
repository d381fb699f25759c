package demo

import "time"

// Data is everything the demo knows. Items name each other by key, slug or both, never by id: ids are made when the
// data are seeded. Check has proved that every such name resolves.
type Data struct {
	Note          string         `yaml:"note"`     // shown wherever demo people appear
	Password      string         `yaml:"password"` // shared by all demo accounts, printed by `rounds up`
	Categories    []Category     `yaml:"categories"`
	Lecturers     []Lecturer     `yaml:"lecturers"`
	Rules         []Rule         `yaml:"rules"`
	Webinars      []Webinar      `yaml:"webinars"`
	People        []Person       `yaml:"people"`
	Subscriptions []Subscription `yaml:"subscriptions"`
	Comments      []Comment      `yaml:"comments"`
	Attendance    []Attendance   `yaml:"attendance"`
	Appeals       []Appeal       `yaml:"appeals"`
	Articles      []Article      `yaml:"-"` // from articles/*.md
}

// Category is a medical topic with its names in both languages.
type Category struct {
	Slug   string `yaml:"slug"`
	NameEN string `yaml:"en"`
	NameSL string `yaml:"sl"`
}

// Lecturer is an invented teacher. Account is the key of the person who logs in as this lecturer, if any.
type Lecturer struct {
	Slug    string `yaml:"slug"`
	Name    string `yaml:"name"`
	Title   string `yaml:"title"`
	Bio     string `yaml:"bio"`
	Account string `yaml:"account"`
}

// Rule is a credit rule as domain experts write it; durations are in seconds.
type Rule struct {
	Key                string  `yaml:"key"`
	Name               string  `yaml:"name"`
	MinPercent         int     `yaml:"min_percent"`
	MinChecksPercent   int     `yaml:"min_checks_percent"`
	ChecksPerHour      int     `yaml:"checks_per_hour"`
	CheckWindow        int     `yaml:"check_window"`
	ReconnectGrace     int     `yaml:"reconnect_grace"`
	ReconnectPercent   int     `yaml:"reconnect_percent"`
	EvaluationRequired bool    `yaml:"evaluation_required"`
	CreditStep         float64 `yaml:"credit_step"`
	DailyCap           float64 `yaml:"daily_cap"`
}

// When is a moment relative to the first start: In of it exactly, or Days away at a clock time in a zone.
type When struct {
	In   time.Duration `yaml:"in"`
	Days int           `yaml:"days"`
	At   string        `yaml:"at"` // "18:00"; empty means In is meant
}

// Webinar is planned, and past when its start and length lie before the first start.
type Webinar struct {
	Slug        string  `yaml:"slug"`
	Title       string  `yaml:"title"`
	Description string  `yaml:"description"` // Markdown
	Lecturer    string  `yaml:"lecturer"`
	Category    string  `yaml:"category"`
	Starts      When    `yaml:"starts"`
	Zone        string  `yaml:"zone"` // IANA
	Minutes     int     `yaml:"minutes"`
	Points      float64 `yaml:"points"`
	Rule        string  `yaml:"rule"`
	Video       string  `yaml:"video"`
}

// Person is an invented account. Login marks the five whose address `rounds up` prints.
type Person struct {
	Key        string   `yaml:"key"`
	Email      string   `yaml:"email"`
	Name       string   `yaml:"name"`
	Profession string   `yaml:"profession"`
	Speciality string   `yaml:"speciality"`
	Licence    string   `yaml:"licence"`
	Country    string   `yaml:"country"` // ISO 3166 alpha-2
	Language   string   `yaml:"language"`
	Zone       string   `yaml:"zone"`
	State      string   `yaml:"state"` // in_review or approved
	Roles      []string `yaml:"roles"` // host, administrator, analyst
	Registered int      `yaml:"registered"`
	Proof      string   `yaml:"proof"` // file name in proofs/
	Pace       int      `yaml:"pace"`  // articles this person opens in a week
	Login      bool     `yaml:"login"`
}

// Subscription follows one webinar, category or lecturer.
type Subscription struct {
	Person string `yaml:"person"`
	Kind   string `yaml:"kind"`
	Target string `yaml:"target"`
}

// Comment stands under an article, Hours after it was published. Parent is the key of the comment it answers.
type Comment struct {
	Key     string `yaml:"key"`
	Article string `yaml:"article"`
	Person  string `yaml:"person"`
	Parent  string `yaml:"parent"`
	Hours   int    `yaml:"hours"`
	Body    string `yaml:"body"`
}

// Attendance is who watched a past webinar, as raw evidence: points come from the real rule and the real ledger.
type Attendance struct {
	Webinar string  `yaml:"webinar"`
	Viewers []Watch `yaml:"viewers"`
}

// Watch is one person's presence: spans in minutes since the start, and how many checks the person did not answer.
type Watch struct {
	Person string   `yaml:"person"`
	Seen   [][2]int `yaml:"seen"`
	Missed int      `yaml:"missed"`
}

// Appeal is what a viewer of a past webinar finds wrong with the own credit; reason as in the contract.
type Appeal struct {
	Webinar string `yaml:"webinar"`
	Person  string `yaml:"person"`
	Reason  string `yaml:"reason"`
	Words   string `yaml:"words"`
}

// Article is one Markdown file. The header is kept as written, so that an author sees all fields in one place.
type Article struct {
	Slug       string `yaml:"slug"`
	Kind       string `yaml:"kind"` // research or news
	Language   string `yaml:"language"`
	Category   string `yaml:"category"`
	Title      string `yaml:"title"`
	Summary    string `yaml:"summary"`
	Author     string `yaml:"author"`
	Disclosure string `yaml:"disclosure"`
	Published  int    `yaml:"published"` // days before the first start, as a negative number
	Body       string `yaml:"-"`         // Markdown, references included
}
