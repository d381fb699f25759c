package locale_test

import (
	"path"
	"strings"
	"testing"

	"github.com/rounds-cme/rounds/kit/i18n"
	"github.com/rounds-cme/rounds/kit/i18n/i18ntest"
	"github.com/rounds-cme/rounds/service/ssr/locale"
)

func TestCatalogs(t *testing.T) {
	t.Parallel()
	c, err := i18n.Load(locale.Files)
	if err != nil {
		t.Fatal(err)
	}
	i18ntest.Same(t, c)
	i18ntest.Used(t, c, path.Join("github.com/rounds-cme/rounds/service/ssr", "..."))
	for _, lang := range c.Languages() {
		for _, key := range c.Keys(lang) {
			if strings.ToLower(string(key)) != string(key) {
				t.Errorf("%s %q: keys are lower case", lang, key)
			}
		}
	}
}
