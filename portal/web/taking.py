"""The one route that takes a step, for whichever side: shows the form, takes the step, says what came of it.

Which steps there are, and when, is the table's business (portal/flow). A side says where its cases come from, which
form a step has, what its lines hold, and what its pages show.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar, cast

from flask import g, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from portal import flow
from portal.cases import clock as case_clock
from portal.cases import stakes, taking
from portal.cases.case_view import View
from portal.cases.effects.hand_ins import HandIn
from portal.cases.effects.step_context import ActedBy
from portal.flow import Actor, Step, StepRefused
from portal.models import Case
from portal.orders import ledger
from portal.web import guards
from portal.web.forms import Form
from portal.web.once import once


class StepForm(Form):
    """A step that asks for nothing; base of the others."""

    template = ""

    def help(self) -> bool:
        """Do what a button of the form asks for besides the step; whether there was one. Then nothing is taken."""
        return False

    def prepare(self, case: Case, view: View) -> None:
        """Fill in what depends on the case: choices, and on a GET what stands there at first."""

    def hand_in(self) -> HandIn:
        """What is handed in with the step."""
        return HandIn()


F = TypeVar("F", bound=StepForm)


@dataclass
class Typed:
    """What a form's lines hold: as typed by field name, what is wrong by line, and what is handed in by them."""

    texts: dict[str, str] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    step_name: str = ""  # the step really meant, where what was counted decides
    handed: HandIn | None = None  # None: something is wrong


class Gone(NamedTuple):
    """What a page shows of a form that can't be sent any more: its sentence, what was typed, the photos kept."""

    form: Form
    texts: list[tuple[str, str]]
    photos: Any


class StepRoute(ABC, Generic[F]):
    """One side's way of taking steps."""

    actor: Actor

    @abstractmethod
    def find(self, case_no: str) -> Case | None:
        """The case, if it is this side's."""

    @abstractmethod
    def view(self, case: Case) -> View:
        """The page of a case with the steps that this person takes."""

    @abstractmethod
    def make_form(self, case: Case, step_name: str) -> F:
        """The form of this step, ready for ``prepare``."""

    @abstractmethod
    def fill_in(self, form: F, case: Case, view: View) -> dict[str, str]:
        """Before anything was sent: what stands in the fields; returns the texts of its lines."""

    @abstractmethod
    def read(self, step_name: str, form: F, case: Case, view: View) -> Typed:
        """What was handed in; problems of lines are put to the form as well."""

    @abstractmethod
    def show_form(self, form: F, case: Case, view: View, step: Step, typed: Typed, status: int) -> ResponseReturnValue:
        """The page of the step's form."""

    @abstractmethod
    def show_case(self, case: Case, view: View, gone: Gone, status: int) -> ResponseReturnValue:
        """The page of the case, above it why the step can't be taken now."""

    @abstractmethod
    def go_on(self, done: Case, form: F) -> str:
        """The address to go on to after the step."""

    def take(self, case_id: int, name: str, by: ActedBy, form: F, handed: HandIn) -> Case:
        """The case after the step; a side may hold a step back instead."""
        return taking.take(case_id, name, by=by, now=g.now, handed=handed, **form.as_shown)

    def answer(self, case_no: str, step_name: str) -> ResponseReturnValue:
        """GET shows the form, POST takes the step; a HEAD is answered like its GET."""
        case = guards.found(self.find(case_no))
        sent = request.method == "POST"
        view = self._view_later(case) if sent else self.view(case)
        form = self.make_form(case, step_name)
        form.prepare(case, view)
        if sent:
            answer, typed, status = self._take(step_name, form, case, view)
            if answer is not None:
                return answer
            case = guards.found(self.find(case_no))
            view = self.view(case)
        else:
            try:
                flow.find(case.type, case.state, self.actor, step_name)
            except StepRefused as refused:  # an address kept from before: what is true now is on the case's own page
                return self.show_case(case, view, *_say_gone(form, refused.sentence, 409, known=True))
            typed, status = Typed(self.fill_in(form, case, view)), 200
        steps = (*view.actions, *view.unsaid)
        step, refusal = next(((row, why) for row, why in steps if row.name == step_name), (None, None))
        if step is not None and (sent or not refusal):
            form.show_sums(case.version, stakes.foresee(case, typed.step_name or step_name, typed.handed))
            return self.show_form(form, case, view, step, typed, status)
        return self.show_case(case, view, *_say_gone(form, refusal, status, known=step is not None))

    def _view_later(self, case: Case) -> View:
        """The view once a form asks it for something: most steps are taken without a look at the page."""
        return cast(View, LocalProxy(cache(lambda: self.view(case))))

    def _take(self, step_name: str, form: F, case: Case, view: View) -> tuple[ResponseReturnValue | None, Typed, int]:
        """The answer of a step that was taken; else what was typed, and the status of the page that says why not."""
        case_id = case.id
        if form.help():
            return None, Typed(), 200
        good = form.validate_on_submit()
        typed = self.read(step_name, form, case, view)
        if not good or typed.handed is None:
            return None, typed, 422
        name, handed = typed.step_name or step_name, typed.handed
        by = ActedBy(self.actor, g.who.user_id, g.who.member_name, g.request_id)

        def taken() -> str:
            done = self.take(case_id, name, by, form, handed)
            return self.go_on(done, form)

        try:
            return once(taken), typed, 303
        except ledger.NotEnough:
            form.refuse("剩余可申请的数量不够了，请减少数量")
            return None, typed, 422
        except StepRefused as refused:
            case_clock.settle_now(case_id, g.now)
            form.refuse(refused.sentence)
            return None, typed, 409


def _say_gone(form: Form, refusal: str | None, status: int, *, known: bool) -> tuple[Gone, int]:
    """The step can't be taken: its sentence, and everything that was typed."""
    if refusal and not form.errors:
        form.refuse(refusal)
    texts = [(each.label.text, each.raw) for each in form if getattr(each, "raw", "")]
    kept = form["photos"].kept if "photos" in form and request.method == "POST" else ()
    if not known and status == 422:  # what was wrong in its fields doesn't matter any more
        form, status = StepForm(), 409
        form.refuse(flow.NOT_NOW)
    return Gone(form, texts, kept), status
