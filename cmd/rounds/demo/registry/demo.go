package registry

import "github.com/rounds-cme/rounds/cmd/rounds/demo"

// Demo makes the registry that runs beside the demo. It knows the demo's people and some who have not registered yet, so
// that a visitor can try each answer: Nika Zgled is found, Oto Zgled's licence is suspended, Vida Zgled's has expired. Of
// one who waits for a reviewer it knows another speciality, so that the reviewer sees what a difference looks like.
func Demo(data *demo.Data) *Registry {
	people := []Person{
		{"SI", "0029001", "Nika Zgled", "physician", "paediatrics", "2031-06-30", "active"},
		{"SI", "0029002", "Oto Zgled", "physician", "surgery", "2030-12-31", "suspended"},
		{"SI", "0029003", "Vida Zgled", "nurse", "none", "2024-03-31", "expired"},
	}
	for _, p := range data.People {
		speciality := p.Speciality
		if p.Key == "applicant-pharmacist" {
			speciality = "oncology"
		}
		people = append(people, Person{p.Country, p.Licence, p.Name, p.Profession, speciality, "2031-12-31", "active"})
	}
	return New(people...)
}
