package ssr

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"

	authpb "github.com/rounds-cme/rounds/contract/auth/v1"
	bffpb "github.com/rounds-cme/rounds/contract/bff/v1"
	"github.com/rounds-cme/rounds/kit/errs"
	"github.com/rounds-cme/rounds/kit/obs"
	"github.com/rounds-cme/rounds/kit/web"
	"github.com/rounds-cme/rounds/service/ssr/form"
	"github.com/rounds-cme/rounds/service/ssr/page/login"
	"github.com/rounds-cme/rounds/service/ssr/page/profile"
	"github.com/rounds-cme/rounds/service/ssr/page/register"
	"github.com/rounds-cme/rounds/service/ssr/reader"
)

const uploadBody = 11 << 20 // a proof of 10 MB and the fields around it

// refused tells whether a form is to be shown again with what is wrong, instead of an error page.
func refused(err error) bool {
	kind := errs.KindOf(err)
	return kind == errs.Invalid || kind == errs.Conflict
}

func (s *server) register(w http.ResponseWriter, r *http.Request) error {
	who := reader.From(r.Context())
	f := form.New(s.newID()).Set("language", who.Language).Set("zone", who.Zone)
	return s.show(w, r, http.StatusOK, register.Page(register.View{Form: f}))
}

func (s *server) postRegister(w http.ResponseWriter, r *http.Request) error {
	f, proof, err := s.readUpload(r)
	if err != nil {
		return err
	}
	_, err = s.people.Register(r.Context(), &bffpb.RegisterRequest{
		RequestId: f.Key.String(), Email: f.Get("email"), Password: f.Raw("password"), Name: f.Get("name"), Profession: f.Get("profession"),
		Speciality: f.Get("speciality"), LicenceNumber: f.Get("licence_number"), Country: f.Get("country"), Language: f.Get("language"),
		Zone: f.Get("zone"), Consent: f.Checked("consent"), Proof: proof,
	})
	switch {
	case err != nil && refused(err):
		f = f.Fail(err)
		return s.show(w, r, f.Status(), register.Page(register.View{Form: f}))
	case err != nil:
		return err
	}
	return web.Redirect(w, r, "/register/sent", "/")
}

func (s *server) registerSent(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, register.Sent())
}

// readUpload reads a form with a proof; without one the BFF says so, beside all else that is wrong.
func (s *server) readUpload(r *http.Request) (form.Form, *bffpb.Document, error) {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return f, nil, err
	}
	file, header, err := r.FormFile("proof")
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return f, nil, nil
	case err != nil:
		return f, nil, errs.Wrap(err, errs.Invalid, "form.unreadable", "The form could not be read. Please send it again.")
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		return f, nil, errs.Wrap(err, errs.Invalid, "form.unreadable", "The form could not be read. Please send it again.")
	}
	return f, &bffpb.Document{FileName: strings.ToValidUTF8(header.Filename, "\uFFFD"), Content: content}, nil
}

// secretAddress keeps an address with the secret of a link in it to this browser's own history: no other page and no cache gets it.
func secretAddress(w http.ResponseWriter) {
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Cache-Control", "no-store")
}

func (s *server) confirm(w http.ResponseWriter, r *http.Request) error {
	secretAddress(w)
	return s.show(w, r, http.StatusOK, login.Confirm(login.View{Form: form.New(s.newID()), Secret: r.URL.Query().Get("secret")}))
}

func (s *server) postConfirm(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	_, err = s.people.ConfirmEmail(r.Context(), &bffpb.ConfirmEmailRequest{Secret: f.Get("secret")})
	switch {
	case err != nil && refused(err):
		f = f.Fail(err)
		return s.show(w, r, f.Status(), login.Confirm(login.View{Form: f}))
	case err != nil:
		return err
	}
	return web.Redirect(w, r, "/confirm/done", "/")
}

func (s *server) confirmed(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, login.Confirmed())
}

// said turns the code in an address back into the error that auth sent the browser here with. Only codes that have a sentence
// are said, so an address can put no words into our mouth.
func (s *server) said(f form.Form, r *http.Request) form.Form {
	switch code := r.URL.Query().Get("error"); code {
	case "":
		return f
	case "auth.credentials", "auth.slow_down", "reset.link", "unavailable", "deadline", "password.busy", "http.too_many":
		return f.Fail(errs.New(errs.Invalid, code, errs.Sorry))
	case "password.missing", "password.short", "password.long", "password.easy", "password.personal":
		return f.Fail(errs.New(errs.Invalid, errs.CodeInput, errs.CheckFields).Field("password", code, errs.CheckFields))
	default:
		return f.Fail(errs.New(errs.Invalid, "internal", errs.Sorry))
	}
}

func (s *server) login(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	next := web.SafeNext(q.Get("next"), "/")
	if reader.From(r.Context()).LoggedIn && q.Get("error") == "" {
		return web.Redirect(w, r, next, "/")
	}
	f := form.New(s.newID())
	if c, err := r.Cookie("rounds_typed"); err == nil {
		if email, err := base64.RawURLEncoding.DecodeString(c.Value); err == nil {
			f = f.Set("email", strings.ToValidUTF8(string(email), ""))
		}
	}
	w.Header().Set("Cache-Control", "no-store")
	return s.show(w, r, http.StatusOK, login.Page(login.View{Form: s.said(f, r), Next: next, Note: q.Get("note")}))
}

func (s *server) forgot(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, login.Forgot(login.View{Form: s.said(form.New(s.newID()), r)}))
}

func (s *server) forgotSent(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, login.Sent())
}

func (s *server) reset(w http.ResponseWriter, r *http.Request) error {
	secretAddress(w)
	return s.show(w, r, http.StatusOK, login.Reset(login.View{Form: s.said(form.New(s.newID()), r), Secret: r.URL.Query().Get("secret")}))
}

// application is the home of who is not a member yet.
func (s *server) application(w http.ResponseWriter, r *http.Request) error {
	return s.showApplication(w, r, form.New(s.newID()))
}

func (s *server) showApplication(w http.ResponseWriter, r *http.Request, f form.Form) error {
	me, err := s.people.Me(r.Context(), &bffpb.MeRequest{})
	if err != nil {
		return err
	}
	return s.show(w, r, f.Status(), profile.Application(profile.View{Me: me, Form: f}))
}

func (s *server) postApplication(w http.ResponseWriter, r *http.Request) error {
	f, proof, err := s.readUpload(r)
	if err != nil {
		return err
	}
	_, err = s.people.SubmitProof(r.Context(), &bffpb.SubmitProofRequest{RequestId: f.Key.String(), Proof: proof})
	switch {
	case err != nil && refused(err):
		return s.showApplication(w, r, f.Fail(err))
	case err != nil:
		return err
	}
	reader.Tell(w, reader.Notice{Key: "application.submitted"})
	return web.Redirect(w, r, "/application", "/")
}

func (s *server) postConfirmation(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	if _, err := s.people.ResendConfirmation(r.Context(), &bffpb.ResendConfirmationRequest{RequestId: f.Key.String()}); err != nil {
		return err
	}
	reader.Tell(w, reader.Notice{Key: "application.resent"})
	return web.Redirect(w, r, "/application", "/")
}

func (s *server) profile(w http.ResponseWriter, r *http.Request) error {
	me, err := s.people.Me(r.Context(), &bffpb.MeRequest{})
	if err != nil {
		return err
	}
	f := form.New(s.newID()).Set("name", me.GetName()).Set("language", me.GetLanguage()).Set("zone", me.GetZone())
	return s.show(w, r, http.StatusOK, profile.Page(profile.View{Me: me, Form: f, Devices: s.devices(r)}))
}

// devices are where the reader is logged in; without auth, which keeps them, the rest of the profile stands.
func (s *server) devices(r *http.Request) *authpb.SessionsResponse {
	list, err := s.auth.Sessions(r.Context(), &authpb.SessionsRequest{})
	if err != nil {
		obs.Event(r.Context()).Set("devices_missing", err.Error())
		return nil
	}
	return list
}

// postSessionEnd logs the reader out on another device. One that is logged out already is no mistake: it is what was wished for.
func (s *server) postSessionEnd(w http.ResponseWriter, r *http.Request) error {
	_, err := s.auth.RevokeSession(r.Context(), &authpb.RevokeSessionRequest{SessionId: r.PathValue("id")})
	if err != nil && errs.KindOf(errs.FromStatus(err)) != errs.NotFound {
		return errs.FromStatus(err)
	}
	reader.Tell(w, reader.Notice{Key: "profile.device_ended"})
	return web.Redirect(w, r, "/profile", "/profile")
}

func (s *server) postProfile(w http.ResponseWriter, r *http.Request) error {
	f, err := form.Read(r, s.newID)
	if err != nil {
		return err
	}
	_, err = s.people.UpdateProfile(r.Context(), &bffpb.UpdateProfileRequest{
		RequestId: f.Key.String(), Name: f.Get("name"), Language: f.Get("language"), Zone: f.Get("zone"),
	})
	if err != nil && refused(err) {
		me, missing := s.people.Me(r.Context(), &bffpb.MeRequest{})
		if missing != nil {
			return missing
		}
		f = f.Fail(err)
		return s.show(w, r, f.Status(), profile.Page(profile.View{Me: me, Form: f, Devices: s.devices(r)}))
	}
	if err != nil {
		return err
	}
	reader.Choose(w, reader.From(r.Context()), f.Get("language"), "")
	reader.Tell(w, reader.Notice{Key: "profile.saved"})
	// Language and zone stand in the token: a new one says the new ones.
	return web.Redirect(w, r, "/auth/refresh?next=%2Fprofile", "/profile")
}
