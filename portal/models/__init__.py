"""The tables, one module a noun. Importing this package knows them all."""

from portal.models.accounts import FormKey, KeptForm, RateCount, Session, Shop, Staff, User
from portal.models.automatic import AutoDay, AutoOutcome, AutoRule, AutoSwitch
from portal.models.bank import BankAccount, BankConsent, BankView
from portal.models.batches import Batch, Fix
from portal.models.bulk import BulkItem, BulkRun
from portal.models.calendar import CalendarYear, RuleVersion
from portal.models.cases import Case, CaseEvent, CaseHead, CaseLine, CaseTally, Draft
from portal.models.chains import AccessLink, CaseLink, OrderLink, QualityShare
from portal.models.complaints import Complaint
from portal.models.customers import CustomerNote
from portal.models.desk import HeldStep, LabelPrint, OrderLabelPrint, QueueColumns, SavedView, SlipPrint
from portal.models.dispatch import DispatchFile
from portal.models.disposals import Disposal, DisposalMove
from portal.models.enquiries import Enquiry, EnquiryMessage, Faq, FaqVote, Promise
from portal.models.evidence import Evidence
from portal.models.exports import Export
from portal.models.failed import FailedGoods
from portal.models.imports import ImportHeading, ImportJob, OrderDoubt
from portal.models.intake import Intake
from portal.models.mediations import Mediation
from portal.models.messages import Conversation, Message
from portal.models.money import MoneyEntry, PayoutFile
from portal.models.notifications import Delivery, Notice
from portal.models.orders import Cancellation, KnownShop, Order, OrderHead, OrderLine, Product, Sku, SoldAs
from portal.models.packings import Packing
from portal.models.policies import Policy, ReturnAddress
from portal.models.proposals import Proposal
from portal.models.push import PushSubscription
from portal.models.quality import FaultLine, FaultWeek, SoldLine, SoldWeek
from portal.models.ratings import Rating
from portal.models.remedies import Remedy, RemedyAnswer
from portal.models.replies import Reply
from portal.models.returns import PlacedLine, ReturnPlace
from portal.models.security import (
    AuditEvent,
    HalfSignIn,
    Invitation,
    Passkey,
    PasskeyChallenge,
    PasswordLink,
    RecoveryCode,
    TotpFactor,
)
from portal.models.shipments import Parcel, ParcelLine, ParcelTrace
from portal.models.system import SystemNote
from portal.models.team import CaseLook, ShopTag, StaffNote
from portal.models.tracking import AskingSlot, OrderWatch, ReceiptClaim, Shipment, ShipmentTrace, TraceFile, Track
from portal.models.versions import OrderVersion
from portal.models.wordings import Wording

__all__ = [
    "AccessLink",
    "AskingSlot",
    "AuditEvent",
    "AutoDay",
    "AutoOutcome",
    "AutoRule",
    "AutoSwitch",
    "BankAccount",
    "BankConsent",
    "BankView",
    "Batch",
    "BulkItem",
    "BulkRun",
    "CalendarYear",
    "Cancellation",
    "Case",
    "CaseEvent",
    "CaseHead",
    "CaseLine",
    "CaseLink",
    "CaseLook",
    "CaseTally",
    "Complaint",
    "Conversation",
    "CustomerNote",
    "Delivery",
    "DispatchFile",
    "Disposal",
    "DisposalMove",
    "Draft",
    "Enquiry",
    "EnquiryMessage",
    "Evidence",
    "Export",
    "FailedGoods",
    "Faq",
    "FaqVote",
    "FaultLine",
    "FaultWeek",
    "Fix",
    "FormKey",
    "HalfSignIn",
    "HeldStep",
    "ImportHeading",
    "ImportJob",
    "Intake",
    "Invitation",
    "KeptForm",
    "KnownShop",
    "LabelPrint",
    "Mediation",
    "Message",
    "MoneyEntry",
    "Notice",
    "Order",
    "OrderDoubt",
    "OrderHead",
    "OrderLabelPrint",
    "OrderLine",
    "OrderLink",
    "OrderVersion",
    "OrderWatch",
    "Packing",
    "Parcel",
    "ParcelLine",
    "ParcelTrace",
    "Passkey",
    "PasskeyChallenge",
    "PasswordLink",
    "PayoutFile",
    "PlacedLine",
    "Policy",
    "Product",
    "Promise",
    "Proposal",
    "PushSubscription",
    "QualityShare",
    "QueueColumns",
    "RateCount",
    "Rating",
    "ReceiptClaim",
    "RecoveryCode",
    "Remedy",
    "RemedyAnswer",
    "Reply",
    "ReturnAddress",
    "ReturnPlace",
    "RuleVersion",
    "SavedView",
    "Session",
    "Shipment",
    "ShipmentTrace",
    "Shop",
    "ShopTag",
    "Sku",
    "SlipPrint",
    "SoldAs",
    "SoldLine",
    "SoldWeek",
    "Staff",
    "StaffNote",
    "SystemNote",
    "TotpFactor",
    "TraceFile",
    "Track",
    "User",
    "Wording",
]
