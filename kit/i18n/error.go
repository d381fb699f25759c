package i18n

import "github.com/rounds-cme/rounds/kit/errs"

// Error says an error in the reader's language: the sentence of the key err.<code>,
// or the English sentence that the error carries where no catalog has one.
func (s *Speaker) Error(err error) string {
	e := errs.Of(err)
	if e == nil {
		return ""
	}
	return s.coded(e.Code, e.Sentence, e.Args)
}

// Field says what is wrong with one input. The values to mention are those of the whole error.
func (s *Speaker) Field(f errs.Field, args map[string]string) string {
	return s.coded(f.Code, f.Message, args)
}

func (s *Speaker) coded(code, sentence string, args map[string]string) string {
	key := Key("err." + code)
	if !s.Has(key) {
		return sentence
	}
	var pairs []any
	for name, value := range args {
		pairs = append(pairs, name, value)
	}
	return s.Say(key, pairs...)
}
