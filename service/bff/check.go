package bff

import (
	"bytes"
	"image"
	_ "image/jpeg" // so that DecodeConfig knows it
	_ "image/png"  // so that DecodeConfig knows it
	"net/mail"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	datamanagementpb "github.com/rounds-cme/rounds/contract/datamanagement/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/password"
	"github.com/rounds-cme/rounds/kit/typed"
	"github.com/rounds-cme/rounds/rules/licence"
)

const (
	consentVersion = "2026-11"
	mostProof      = 10 << 20
	mostName       = 120
	mostEmail      = 254
)

// clean is one line as a person meant it. Names, addresses and numbers are found again by their letters, so that it has no
// letter at all that is not seen, not even a joiner.
func clean(s string) string {
	return typed.Line(strings.Map(func(r rune) rune {
		if !unicode.IsSpace(r) && !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
}

// registration is what was typed, cleaned, with all that is wrong with it at once.
func registration(q *bffpb.RegisterRequest) (*datamanagementpb.RegisterRequest, error) {
	r := &datamanagementpb.RegisterRequest{
		RequestId: q.GetRequestId(), Email: strings.ToLower(clean(q.GetEmail())), Password: q.GetPassword(), Name: clean(q.GetName()),
		Profession: q.GetProfession(), Speciality: q.GetSpeciality(), LicenceNumber: clean(q.GetLicenceNumber()),
		Country: q.GetCountry(), Language: q.GetLanguage(), Zone: q.GetZone(), ConsentVersion: consentVersion,
	}
	var f errs.Fields
	checkName(&f, r.GetName())
	checkEmail(&f, r.GetEmail())
	if code, sentence := password.Check(r.GetPassword(), r.GetEmail(), r.GetName()); code != "" {
		f.Add("password", code, sentence)
	}
	if !licence.Profession(r.GetProfession()) {
		f.Add("profession", "register.profession", "Choose your profession from the list.")
	}
	if !licence.Speciality(r.GetSpeciality()) {
		f.Add("speciality", "register.speciality", "Choose your speciality from the list, or “no speciality”.")
	}
	if !licence.Country(r.GetCountry()) {
		f.Add("country", "register.country", "Choose the country of your licence from the list.")
	}
	checkLicence(&f, r.GetCountry(), r.GetLicenceNumber())
	checkTongue(&f, r.GetLanguage(), r.GetZone())
	r.Proof = document(&f, q.GetProof())
	if !q.GetConsent() {
		f.Add("consent", "register.consent", "Agree to the use of your data, or we cannot open an account.")
	}
	return r, f.Err()
}

func checkName(f *errs.Fields, name string) {
	switch length := utf8.RuneCountInString(name); {
	case length == 0:
		f.Add("name", "register.name", "Enter your name.")
	case length > mostName:
		f.Add("name", "register.name_long", "Enter a name of at most 120 characters.")
	}
}

func checkEmail(f *errs.Fields, email string) {
	parsed, err := mail.ParseAddress(email)
	at := strings.LastIndexByte(email, '@')
	switch {
	case email == "":
		f.Add("email", "register.email", "Enter your e-mail address.")
	case len(email) > mostEmail:
		f.Add("email", "register.email_long", "Enter an e-mail address of at most 254 characters.")
	case err != nil, parsed.Address != email, !named(email[at+1:]):
		f.Add("email", "register.email_form", "Enter an e-mail address in the form name@example.org.")
	}
}

// named tells whether a domain is a name below another. A number is none: it would have the mail server look into networks of our own.
func named(domain string) bool {
	dot := strings.LastIndexByte(domain, '.')
	return dot >= 0 && strings.ContainsFunc(domain[dot:], unicode.IsLetter) && !strings.ContainsAny(domain, "[]")
}

func checkLicence(f *errs.Fields, country, number string) {
	switch {
	case number == "":
		f.Add("licence_number", "register.licence", "Enter the number of your licence.")
	case licence.Country(country) && !licence.Number(country, number):
		f.Add("licence_number", "register.licence_form", "This is not a licence number of the chosen country. Copy it from your licence.")
	}
}

func checkTongue(f *errs.Fields, language, zone string) {
	if language != "en" && language != "sl" {
		f.Add("language", "register.language", "Choose a language from the list.")
	}
	if !i18n.IsZone(zone) {
		f.Add("zone", "form.zone", "Choose a time zone from the list.")
	}
}

// document is an upload that is what it claims to be. What a browser says of it is not asked.
func document(f *errs.Fields, d *bffpb.Document) *datamanagementpb.Document {
	content := d.GetContent()
	kind := sniff(content)
	switch {
	case d == nil || d.GetFileName() == "" && len(content) == 0:
		f.Add("proof", "proof.missing", "Choose the file with your proof of profession.")
	case len(content) == 0:
		f.Add("proof", "proof.empty", "This file is empty. Choose another one.")
	case len(content) > mostProof:
		f.Add("proof", "proof.large", "This file is larger than 10 MB. Choose a smaller one.")
	case kind == "":
		f.Add("proof", "proof.type", "This file is not a PDF, JPEG or PNG. Choose a file of one of these types.")
	}
	return &datamanagementpb.Document{FileName: fileName(d.GetFileName(), kind), MediaType: kind, Content: content}
}

// sniff finds the type out of the content: its beginning must be right, and enough of the rest that a viewer opens it.
func sniff(content []byte) string {
	switch {
	case bytes.HasPrefix(content, []byte("%PDF-")):
		if bytes.Contains(content[max(0, len(content)-2048):], []byte("%%EOF")) {
			return "application/pdf"
		}
	case bytes.HasPrefix(content, []byte("\x89PNG\r\n\x1a\n")), bytes.HasPrefix(content, []byte("\xff\xd8\xff")):
		if c, format, err := image.DecodeConfig(bytes.NewReader(content)); err == nil && c.Width > 0 && c.Height > 0 {
			return "image/" + format
		}
	}
	return ""
}

// fileName is only shown and offered for saving; it names no place on any disk.
func fileName(name, kind string) string {
	name = clean(path.Base(strings.ReplaceAll(name, `\`, "/")))
	if name == "." || name == "/" || name == "" {
		name = "proof" + strings.NewReplacer("application/", ".", "image/", ".").Replace(kind)
	}
	if letters := []rune(name); len(letters) > 150 {
		name = string(letters[len(letters)-150:])
	}
	return name
}
