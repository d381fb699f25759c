package patient_test

import (
	"slices"
	"testing"

	"github.com/rounds-cme/rounds/rules/patient"
)

func TestNotice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]patient.Kind{
		"": nil,
		"Treatment below 130 mmHg lowered events in 9361 people over 3.26 years.": nil,
		"The patient had a blood pressure of 180/110 and a GFR of 45.":            nil,
		"Sprint, N Engl J Med 2015;373:2103-2116, doi 10.1056/NEJMoa1511939":      nil,
		"Bolnik je imel tlak 180/110.":                                            nil,
		"A woman of 63, seen in 2024, patient safety first.":                      nil,
		"Born 12.03.1956, admitted in shock.":                                     {patient.Date},
		"Rojena 12. 3. 1956, sprejeta v šoku.":                                    {patient.Date},
		"DOB 1956-03-12":                                                          {patient.Date},
		"EMŠO 1203956505000":                                                      {patient.Number},
		"MRN: 4471920":                                                            {patient.Number},
		"številka kartoteke 004417":                                               {patient.Number},
		"I saw Mrs. Smith yesterday":                                              {patient.Name},
		"Včeraj sem videla gospo Novak v urgenci":                                 {patient.Name},
		"pri ga. Novak in g. Kovač":                                               {patient.Name},
		"patient John Smith did well":                                             {patient.Name},
		"Pacientka Ana Žagar, roj. 1/2/1960":                                      {patient.Date, patient.Name},
	} {
		if got := patient.Notice(text); !slices.Equal(got, want) {
			t.Errorf("%q: noticed %v, want %v", text, got, want)
		}
	}
}
