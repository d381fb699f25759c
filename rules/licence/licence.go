// Package licence knows which professions, specialities and countries people register with, and the shape that a licence
// number has in a country.
//
// Why a rule: the page offers the choices and the BFF checks them; both must mean the same list. A shape only finds slips of
// the finger; whether the number is really theirs is decided by a reviewer. Check a shape with the chamber before relying on it.
package licence

import "slices"

// Professions lists what people work as; the names of the entries stand in the catalogues of the pages.
func Professions() []string {
	return []string{"physician", "dentist", "nurse", "midwife", "pharmacist", "physiotherapist", "radiographer", "psychologist", "paramedic", "student", "other"}
}

// Specialities lists the fields people work in.
func Specialities() []string {
	return []string{
		"none", "anaesthesiology", "cardiology", "dermatology", "emergency", "endocrinology", "family", "gastroenterology", "geriatrics",
		"gynaecology", "haematology", "infectious", "intensive", "internal", "nephrology", "neurology", "oncology", "ophthalmology",
		"orthopaedics", "otorhinolaryngology", "paediatrics", "pathology", "psychiatry", "public_health", "pulmonology", "radiology",
		"rehabilitation", "rheumatology", "surgery", "urology", "other",
	}
}

// Countries lists the countries that people may be licensed in, by ISO 3166.
func Countries() []string {
	return []string{
		"SI", "AT", "BA", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE", "IS", "IT", "LT", "LU", "LV",
		"ME", "MK", "MT", "NL", "NO", "PL", "PT", "RO", "RS", "SE", "SK", "XK",
	}
}

// Profession tells whether it is one of ours.
func Profession(p string) bool { return slices.Contains(Professions(), p) }

// Speciality tells whether it is one of ours.
func Speciality(s string) bool { return slices.Contains(Specialities(), s) }

// Country tells whether it is one of ours.
func Country(c string) bool { return slices.Contains(Countries(), c) }

// Number tells whether a licence number has the shape of its country.
func Number(country, number string) bool {
	switch country {
	case "SI":
		return digits(number, 4, 7)
	case "HR", "ME", "RS":
		return digits(number, 4, 10)
	case "GB":
		return digits(number, 6, 8)
	case "AT":
		return digits(number, 4, 8)
	case "DE":
		return digits(number, 15, 15) && luhn(number) // the EFN
	}
	return plain(number, 3, 20)
}

func digits(s string, least, most int) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(s) >= least && len(s) <= most
}

// plain is letters and digits, with what chambers put between them, and at least one digit.
func plain(s string, least, most int) bool {
	digit := false
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digit = true
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r == '-', r == '/', r == '.', r == ' ':
		default:
			return false
		}
	}
	return digit && len(s) >= least && len(s) <= most
}

// luhn is the check digit that the German numbers end with.
func luhn(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
